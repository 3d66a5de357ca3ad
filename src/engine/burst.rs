//! Calls on the thread that makes them: those made in one go travel in one go.

use std::sync::Arc;

use super::batch::{Batch, MAX_CALLS, Room};
use super::call::{Call, Lengths};
use super::link::Link;
use crate::options::Settings;

/// So few calls are not worth two pipelines.
const MIN_CALLS: usize = 32;

/// The calls made on a link since the last ones went to it.
pub struct Burst<T> {
    link: Arc<Link<T>>,
    batch: Option<Batch<T>>,
    /// With how many calls a batch goes before the end.
    limit: usize,
    /// What the last batch needed: the next one mostly needs about as much.
    room: Room,
}

impl<T: Send + 'static> Burst<T> {
    /// None yet.
    pub fn new(link: Arc<Link<T>>) -> Burst<T> {
        Burst {
            link,
            batch: None,
            limit: MAX_CALLS,
            room: Room::default(),
        }
    }

    /// Adds a call, whose deadline is to count from [`Link::epoch`]; see [`Batch::push`] for `write`.
    /// Gives whether [`Burst::end`] is to be called, for this call and those that follow until then.
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
            self.link.push(batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::{results, settings, write_ids};
    use crate::store::Op;
    use std::time::Instant;

    fn call(ticket: u32) -> Call<u32> {
        Call {
            op: Op::SaveIds,
            deadline: Instant::now(),
            ticket,
        }
    }

    #[test]
    fn calls_go_together_until_the_end_or_until_one_does_not_fit() {
        let (receiver, arrived) = results();
        let mut burst = Burst::new(Link::new(receiver));
        // No server: what goes comes back as a failure.
        let [mut one, mut other] = [settings(1), settings(1)];
        for settings in [&mut one, &mut other] {
            Arc::get_mut(settings).expect("just made").retry = false;
        }
        assert_eq!(burst.push(&one, call(0), |_| Err(())), Err(()));
        assert_eq!(burst.push(&one, call(1), write_ids), Ok(true));
        assert_eq!(burst.push(&one, call(0), |_| Err(())), Err(()));
        assert_eq!(burst.push(&one, call(2), write_ids), Ok(false));
        assert!(arrived.try_recv().is_err());
        assert_eq!(burst.push(&other, call(3), write_ids), Ok(true));
        for ticket in [1, 2] {
            assert_eq!(arrived.recv().expect("it fails").ticket, ticket);
        }
        assert!(arrived.try_recv().is_err());
        burst.end(1);
        assert_eq!(arrived.recv().expect("it fails").ticket, 3);
    }

    #[test]
    fn half_of_what_is_under_way_goes_before_the_end() {
        let mut settings = settings(1);
        Arc::get_mut(&mut settings).expect("just made").retry = false;
        for (under_way, limit) in [(0, 32), (100, 50), (256, 128), (50_000, 128)] {
            let (receiver, arrived) = results();
            let mut burst = Burst::new(Link::new(receiver));
            burst.end(under_way);
            for ticket in 0..limit {
                assert!(arrived.try_recv().is_err(), "{ticket} of {limit}");
                assert!(burst.push(&settings, call(ticket), write_ids).is_ok());
            }
            for ticket in 0..limit {
                assert_eq!(arrived.recv().expect("it fails").ticket, ticket);
            }
        }
    }
}
