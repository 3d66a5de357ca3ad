use super::*;
use crate::engine::replay::mark_overwritten;
use crate::engine::testing::settings;
use std::collections::VecDeque;
use tokio::time::Instant;

const SAVE: Operation = Operation::SaveIds;
const DELETE: Operation = Operation::DeleteIds;
const LOOKUP: Operation = Operation::GetExtId;

/// A batch of calls on pairs of the integration `i`.
fn batch(calls: &[(Operation, &str, &str)]) -> Batch<usize> {
    let mut batch = Batch::new(settings());
    for (ticket, (operation, first, second)) in calls.iter().enumerate() {
        let call = Call {
            operation: *operation,
            deadline: Instant::now(),
            ticket,
        };
        let written = batch.push(call, |text| {
            text.extend_from_slice(format!("i{first}{second}").as_bytes());
            Ok::<_, ()>(Lengths {
                prefix: 0,
                integration: 1,
                first: first.len() as u32,
                second: second.len() as u32,
            })
        });
        assert!(written.is_ok());
    }
    batch
}

fn yes() -> Outcome {
    Outcome::Settled(Ok(Answer::Yes))
}

fn refused() -> Outcome {
    Outcome::Refused(reason())
}

fn reason() -> Error {
    Error::Unreachable {
        server: "s:1".into(),
        reason: "busy".into(),
    }
}

/// Which calls are settled, whether well, and the codes of the refusal.
fn settled(
    calls: &[(Operation, &str, &str)],
    outcomes: Vec<Outcome>,
    waits: bool,
) -> Vec<Option<bool>> {
    let mut batch = batch(calls);
    let (mut done, mut replay) = (Vec::new(), Replay::default());
    let mut outcomes = VecDeque::from(outcomes);
    let rules = Rules { waits, lost: None };
    let came = |_, _: &mut History| outcomes.pop_front().expect("one a call");
    let refusal = batch.settle(came, rules, &mut replay, &mut done);
    assert!(refusal.is_none() || !batch.is_settled());
    let of = |n| done.iter().find(|done| done.ticket == n);
    let results = (0..calls.len()).map(|n| of(n).map(|done| done.result.is_ok()));
    results.collect()
}

#[test]
fn what_was_carried_out_counts_unless_it_should_have_come_after_what_was_not() {
    let calls = [
        (SAVE, "1", "a"),
        (SAVE, "2", "b"),
        (LOOKUP, "2", ""),
        (DELETE, "3", "c"),
        (DELETE, "9", "b"),
        (SAVE, "9", "z"),
        (LOOKUP, "1", ""),
        (SAVE, "4", "b"),
    ];
    let outcomes = || vec![yes(), refused(), yes(), yes(), yes(), yes(), yes(), yes()];
    // The delete of 9 and b is sent again for b, so what follows for 9 is, too.
    let left = settled(&calls, outcomes(), true);
    let yes = Some(true);
    assert_eq!(left, [yes, None, None, yes, None, None, yes, None]);
    let failed = settled(&calls, outcomes(), false);
    assert_eq!(failed, [yes, Some(false), yes, yes, yes, yes, yes, yes]);
}

#[test]
fn what_is_lost_is_left_and_nothing_has_to_follow_a_lookup() {
    let calls = [(LOOKUP, "1", ""), (SAVE, "1", "a"), (LOOKUP, "1", "")];
    let outcomes = vec![Outcome::Lost, yes(), Outcome::Lost];
    assert_eq!(settled(&calls, outcomes, true), [None, Some(true), None]);
}

#[test]
fn a_call_refused_again_and_again_tells_how_often() {
    let mut batch = batch(&[(SAVE, "1", "a"), (SAVE, "2", "b")]);
    let rules = Rules {
        waits: true,
        lost: None,
    };
    let (mut done, mut replay) = (Vec::new(), Replay::default());
    for times in 1..4 {
        let refusal = batch.settle(|_, _| refused(), rules, &mut replay, &mut done);
        assert_eq!(refusal, Some((reason(), times)));
    }
    let rules = Rules {
        lost: Some(&reason()),
        ..rules
    };
    let refusal = batch.settle(|_, _| Outcome::Lost, rules, &mut replay, &mut done);
    assert_eq!((refusal, done.len()), (None, 2), "that may not wait");
}

#[test]
fn a_delete_is_overwritten_when_a_later_save_brings_one_of_its_keys_back() {
    let mut batches = [
        batch(&[(SAVE, "1", "y"), (DELETE, "1", "a"), (DELETE, "2", "b")]),
        batch(&[(SAVE, "1", "z"), (SAVE, "2", "b"), (DELETE, "3", "c")]),
    ];
    mark_overwritten(batches.iter_mut().flat_map(Batch::parts));
    let entries = batches.iter().flat_map(|batch| &batch.entries);
    let deletes = entries.filter(|entry| entry.operation == DELETE);
    let marks: Vec<_> = deletes.map(|entry| entry.history.is_overwritten).collect();
    assert_eq!(marks, [true, false, false]);
}

#[test]
fn what_goes_again_by_itself_stays_unless_it_may_not_wait() {
    for (lost, left) in [(None, None), (Some(reason()), Some(false))] {
        let mut batch = batch(&[(Operation::GetExtIds, "1", "")]);
        let rules = Rules {
            waits: true,
            lost: lost.as_ref(),
        };
        let (mut done, mut replay) = (Vec::new(), Replay::default());
        batch.settle(|_, _| Outcome::Again(None), rules, &mut replay, &mut done);
        assert_eq!(done.first().map(|done| done.result.is_ok()), left);
        assert_eq!(batch.entries[0].operation, Operation::GetExtId);
    }
}
