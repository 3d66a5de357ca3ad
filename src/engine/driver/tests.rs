use super::*;
use crate::call::Operation;
use crate::engine::batch::Batch;
use crate::engine::entry::Call;
use crate::engine::submission::Submission;
use crate::engine::testing::{Memory, results, settings, write_ids};
use crate::settings::Settings;
use std::time::Duration;

fn push(
    queue: &Arc<Queue<u32, Memory>>,
    settings: &Arc<Settings>,
    operation: Operation,
    ticket: u32,
    wait: u64,
) {
    let deadline = queue.epoch + Duration::from_millis(wait);
    let call = Call {
        operation,
        deadline,
        ticket,
    };
    let mut submission = Submission::new(queue.clone());
    assert!(submission.push(settings, call, write_ids).is_ok());
    submission.end(1);
}

#[test]
fn without_a_server_each_call_fails_at_its_deadline() {
    let (receiver, arrived) = results();
    let queue = Queue::new(Memory::new(0, 100), receiver);
    let settings = settings();
    let started = Instant::now();
    push(&queue, &settings, Operation::DeleteAllIds, 1, 400);
    push(&queue, &settings, Operation::SaveIds, 2, 300);
    push(&queue, &settings, Operation::GetExtId, 3, 100);
    for (ticket, wait) in [(3, 100), (2, 300), (1, 400)] {
        let done = arrived.recv().unwrap();
        assert_eq!(done.ticket, ticket);
        assert_eq!(done.result.unwrap_err().error.code(), "UNREACHABLE");
        assert!(started.elapsed() >= Duration::from_millis(wait));
    }
}

#[test]
fn a_queue_that_may_not_wait_fails_with_the_first_attempt() {
    let (receiver, arrived) = results();
    let queue = Queue::new(Memory::new(0, 100), receiver);
    let mut settings = settings();
    Arc::get_mut(&mut settings).unwrap().offline_queue = false;
    push(&queue, &settings, Operation::SaveIds, 1, 60_000);
    assert!(arrived.recv().unwrap().result.is_err());
    push(&queue, &settings, Operation::SaveIds, 2, 60_000);
    assert_eq!(arrived.recv().unwrap().ticket, 2);
}

#[test]
fn a_queue_that_may_not_wait_sends_nothing_again() {
    for operation in [Operation::SaveIds, Operation::DeleteAllIds] {
        for is_nonsense in [false, true] {
            let (receiver, arrived) = results();
            let memory = Memory::new(0, 0);
            let queue = Queue::new(memory.clone(), receiver);
            let mut settings = settings();
            Arc::get_mut(&mut settings).unwrap().offline_queue = false;
            push(&queue, &settings, Operation::GetExtId, 1, 60_000);
            assert!(arrived.recv().unwrap().result.is_ok());
            memory.world().is_nonsense = is_nonsense;
            memory.world().faults = 100;
            push(&queue, &settings, operation, 1, 60_000);
            let done = arrived.recv_timeout(Duration::from_secs(10)).unwrap();
            assert_eq!(
                (done.result.is_err(), done.attempts),
                (true, 1),
                "{operation:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_shorter_than_the_wait_for_an_attempt_do_not_put_it_off() {
    let (receiver, arrived) = results();
    let memory = Memory::new(0, 100);
    let queue = Queue::new(memory.clone(), receiver);
    let settings = settings();
    let mut calls = 0;
    while memory.world().sessions == 0 {
        push(&queue, &settings, Operation::GetExtId, 1, 30);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(arrived.try_recv().is_ok());
        calls += 1;
        assert!(calls < 200, "no attempt is made");
        if calls == 100 {
            memory.world().faults = 0;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_shorter_than_an_attempt_do_not_break_it_off() {
    let (receiver, arrived) = results();
    let memory = Memory::new(0, 0);
    memory.world().connecting = 400;
    let queue = Queue::new(memory.clone(), receiver);
    let settings = settings();
    for calls in 1.. {
        push(&queue, &settings, Operation::GetExtId, 1, 50);
        tokio::time::sleep(Duration::from_millis(100)).await;
        if arrived.try_recv().unwrap().result.is_ok() {
            return;
        }
        assert!(calls < 20, "never there");
    }
}

#[test]
fn closing_fails_what_no_connection_can_carry_and_then_ends() {
    let (receiver, arrived) = results();
    let queue = Queue::new(Memory::new(0, 100), receiver);
    assert_eq!(queue.close(0), Some(0), "nothing runs yet");
    push(&queue, &settings(), Operation::SaveIds, 1, 60_000);
    assert_eq!(queue.close(2), None);
    assert_eq!(arrived.recv().unwrap().ticket, 1);
    let closed = arrived.recv().unwrap();
    assert_eq!((closed.ticket, closed.result.is_ok()), (2, true));
}

#[test]
fn a_runner_that_ends_early_fails_its_calls() {
    let (receiver, arrived) = results();
    let queue = Queue::new(Memory::new(0, 100), receiver);
    let mut driver = Driver::new(queue.clone());
    driver.reconnect.connect(&settings(), Duration::ZERO);
    // Not over the link, which would start a driver of its own.
    let mut batch = Batch::new(settings());
    let call = Call {
        operation: Operation::SaveIds,
        deadline: Instant::now() + Duration::from_secs(60),
        ticket: 1,
    };
    assert!(batch.push(call, write_ids).is_ok());
    driver.pending.add(batch);
    drop(driver);
    let failure = arrived.recv().unwrap().result.unwrap_err();
    assert_eq!(failure.error.code(), "INTERNAL");
}
