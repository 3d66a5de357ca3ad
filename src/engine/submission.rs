//! Calls on the thread that makes them: those made in one go travel in one go.

use std::sync::Arc;

use super::batch::{Batch, MAX_CALLS, Room};
use super::driver::Driver;
use super::entry::{Call, Lengths};
use super::queue::Queue;
use crate::backend::Backend;
use crate::settings::Settings;

/// So few calls are not worth two pipelines.
const MIN_CALLS: usize = 32;

/// The calls made on a queue since the last ones went to it.
pub struct Submission<T: Send + 'static, B: Backend> {
    queue: Arc<Queue<T, B>>,
    /// The queue's driver, while it has no thread to run on.
    stalled: Option<Driver<T, B>>,
    batch: Option<Batch<T>>,
    /// With how many calls a batch goes before the end.
    limit: usize,
    /// What the last batch needed: the next one mostly needs about as much.
    room: Room,
}

impl<T: Send + 'static, B: Backend> Submission<T, B> {
    /// None yet.
    pub fn new(queue: Arc<Queue<T, B>>) -> Submission<T, B> {
        Submission {
            queue,
            stalled: None,
            batch: None,
            limit: MAX_CALLS,
            room: Room::default(),
        }
    }

    /// Adds a call, whose deadline is to count from [`Queue::epoch`]; see [`Batch::push`] for `write`.
    /// Gives whether [`Submission::end`] is to be called, for this call and those that follow until then.
    pub fn push<E>(
        &mut self,
        settings: &Arc<Settings>,
        call: Call<T>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Lengths, E>,
    ) -> Result<bool, E> {
        let accepts = |batch: &Batch<T>| batch.accepts(settings);
        if !self.batch.as_ref().is_none_or(accepts) {
            self.send();
        }
        let is_first = self.batch.is_none();
        let new = || Batch::with_room(settings.clone(), self.room);
        let batch = self.batch.get_or_insert_with(new);
        let pushed = batch.push(call, write);
        if batch.entries.len() >= self.limit {
            self.send();
        } else if is_first && pushed.is_err() {
            self.batch = None;
        }
        pushed.map(|()| is_first)
    }

    /// Sends what is there, now that so many calls are under way. Half of them make a pipeline from
    /// now on, so that while the server has one of two, this thread and the I/O thread have the other.
    pub fn end(&mut self, under_way: usize) {
        self.send();
        self.limit = (under_way / 2).clamp(MIN_CALLS, MAX_CALLS);
    }

    fn send(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.room = batch.room();
            if self.queue.push(batch) {
                self.stalled = Driver::new(self.queue.clone()).start();
            }
        }
    }

    /// Starts the driver that could not be started before; fails the calls that cannot wait for it any
    /// longer. See [`Receiver::stalled`](super::Receiver::stalled).
    pub fn resume(&mut self) {
        self.stalled = self.stalled.take().and_then(Driver::start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Operation;
    use crate::engine::testing::{Memory, results, settings, write_ids};
    use tokio::time::Instant;

    fn call(ticket: u32) -> Call<u32> {
        Call {
            operation: Operation::SaveIds,
            deadline: Instant::now(),
            ticket,
        }
    }

    #[test]
    fn calls_go_together_until_the_end_or_until_one_does_not_fit() {
        let (receiver, arrived) = results();
        let mut submission = Submission::new(Queue::new(Memory::new(0, 100), receiver));
        // No server: what goes comes back as a failure.
        let [mut one, mut other] = [settings(), settings()];
        for settings in [&mut one, &mut other] {
            Arc::get_mut(settings).expect("just made").offline_queue = false;
        }
        assert_eq!(submission.push(&one, call(0), |_| Err(())), Err(()));
        assert_eq!(submission.push(&one, call(1), write_ids), Ok(true));
        assert_eq!(submission.push(&one, call(0), |_| Err(())), Err(()));
        assert_eq!(submission.push(&one, call(2), write_ids), Ok(false));
        assert!(arrived.try_recv().is_err());
        assert_eq!(submission.push(&other, call(3), write_ids), Ok(true));
        for ticket in [1, 2] {
            assert_eq!(arrived.recv().expect("it fails").ticket, ticket);
        }
        assert!(arrived.try_recv().is_err());
        submission.end(1);
        assert_eq!(arrived.recv().expect("it fails").ticket, 3);
    }

    #[test]
    fn half_of_what_is_under_way_goes_before_the_end() {
        let mut settings = settings();
        Arc::get_mut(&mut settings)
            .expect("just made")
            .offline_queue = false;
        for (under_way, limit) in [(0, 32), (100, 50), (256, 128), (50_000, 128)] {
            let (receiver, arrived) = results();
            let mut submission = Submission::new(Queue::new(Memory::new(0, 100), receiver));
            submission.end(under_way);
            for ticket in 0..limit {
                assert!(arrived.try_recv().is_err(), "{ticket} of {limit}");
                assert!(submission.push(&settings, call(ticket), write_ids).is_ok());
            }
            for ticket in 0..limit {
                assert_eq!(arrived.recv().expect("it fails").ticket, ticket);
            }
        }
    }
}
