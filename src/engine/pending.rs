//! The calls of a link that are not settled, and those that are but not yet delivered.

use std::collections::VecDeque;
use std::time::Instant;

use super::again::Again;
use super::batch::{Batch, MAX_CALLS};
use super::call::{Done, Entry};
use super::order::{Held, Item, Walk};
use crate::error::Error;

/// How often a server may close the connection on calls before one among them is suspected.
const TRUSTED: u8 = 2;

/// Calls by where they are.
pub struct Pending<T> {
    /// Not sent yet, or to be sent again, in order.
    pub waiting: VecDeque<Item<T>>,
    /// Sent, in order.
    pub flights: VecDeque<Item<T>>,
    /// To be sent again once the connection is given up, in order.
    pub refused: Vec<Item<T>>,
    /// The keys of those.
    pub again: Again,
    /// Walks that begin once all calls before them are answered: when so many have landed. A call
    /// that is redirected would reach its node after them.
    starting: VecDeque<(u64, Item<T>)>,
    /// How many items were sent, and how many of them are not in flight any more.
    sent: u64,
    landed: u64,
    /// Held back by a walk.
    pub held: Held<T>,
    /// Settled.
    pub done: Vec<Done<T>>,
}

impl<T> Pending<T> {
    pub fn new() -> Pending<T> {
        Pending {
            waiting: VecDeque::new(),
            flights: VecDeque::new(),
            refused: Vec::new(),
            again: Again::default(),
            starting: VecDeque::new(),
            sent: 0,
            landed: 0,
            held: Held::new(),
            done: Vec::new(),
        }
    }

    /// Whether no call is left to settle.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
            && self.flights.is_empty()
            && self.refused.is_empty()
            && self.starting.is_empty()
            && self.held.is_empty()
    }

    /// Takes in calls that were queued.
    pub fn add(&mut self, batch: Batch<T>) {
        self.held.sort(batch, &mut self.waiting);
    }

    /// The first of what waits was sent.
    pub fn take_off(&mut self) {
        if let Some(item) = self.waiting.pop_front() {
            self.flights.push_back(item);
            self.sent += 1;
        }
    }

    /// Takes the first of what is in flight, which is answered.
    pub fn land(&mut self) -> Option<Item<T>> {
        let item = self.flights.pop_front()?;
        self.landed += 1;
        Some(item)
    }

    /// Keeps what is left of an item to be sent again, on another connection.
    pub fn refuse(&mut self, item: Item<T>) {
        if !item.batch().is_settled() {
            self.refused.push(item);
        } else if let Item::Wipe(walk) = item {
            self.held.release(walk.stem(), &mut self.waiting);
        }
    }

    /// Puts walks in front of what waits whose turn has come.
    pub fn start_walks(&mut self) {
        while let Some((after, _)) = self.starting.front()
            && *after <= self.landed
            && let Some((_, mut item)) = self.starting.pop_front()
        {
            if let Item::Wipe(walk) = &mut item {
                walk.is_cleared = true;
            }
            self.waiting.push_front(item);
        }
    }

    /// Puts the walk that waits first aside, when calls before it are in flight. Tells whether it did.
    pub fn defer_walk(&mut self) -> bool {
        let is_calls = |item: &Item<T>| matches!(item, Item::Calls(_));
        let Some(Item::Wipe(Walk { is_cleared, .. })) = self.waiting.front() else {
            return false;
        };
        if *is_cleared || !self.flights.iter().any(is_calls) {
            return false;
        }
        let deferred = self.waiting.pop_front().map(|item| (self.sent, item));
        self.starting.extend(deferred);
        true
    }

    /// The connection is gone: what it carried and what was refused on it is to be sent again before
    /// all else.
    pub fn take_back(&mut self) {
        self.landed = self.sent;
        let starting = self.starting.drain(..).map(|(_, item)| item);
        let again = self.refused.drain(..).chain(starting);
        for item in again.collect::<Vec<_>>().into_iter().rev() {
            self.waiting.push_front(item);
        }
        for item in &mut self.waiting {
            if let Item::Wipe(walk) = item {
                walk.is_cleared = false;
            }
        }
        self.again = Again::default();
        self.drop_settled();
    }

    /// Whether the first of what waits may be sent. Calls that were lost time after time go in ever
    /// smaller parts, one part at a time, so that one which the server hangs up on is found alone.
    pub fn may_send(&mut self) -> bool {
        let doubt = |item: &Item<T>| match item {
            Item::Calls(batch) => batch.entries.first()?.losses.checked_sub(TRUSTED),
            Item::Wipe(_) => None,
        };
        // Nothing goes after a part: it is the last under way.
        if self
            .flights
            .back()
            .is_some_and(|last| doubt(last).is_some())
        {
            return false;
        }
        let Some(first) = self.waiting.front_mut() else {
            return true;
        };
        let Some(doubt) = doubt(first) else {
            return true;
        };
        let part = (MAX_CALLS >> (3 * doubt.min(3))).max(1);
        let is_calls = |item: &Item<T>| matches!(item, Item::Calls(_));
        if self.flights.iter().any(is_calls) {
            return false;
        }
        if let Item::Calls(batch) = first
            && batch.entries.len() > part
        {
            let part = batch.split(part);
            self.waiting.push_front(Item::Calls(part));
        }
        true
    }

    /// Fails the calls for which `pick` gives a reason.
    pub fn fail(&mut self, pick: impl Fn(&Batch<T>, &Entry<T>) -> Option<Error>) {
        let mut done = std::mem::take(&mut self.done);
        for batch in self.batches() {
            batch.fail(&mut done, &pick);
        }
        self.done = done;
        self.drop_settled();
    }

    /// The first deadline of a call that is not settled.
    pub fn first_deadline(&mut self) -> Option<Instant> {
        self.batches()
            .flat_map(|batch| batch.entries.iter())
            .filter(|entry| entry.ticket.is_some())
            .map(|entry| entry.deadline)
            .min()
    }

    /// Whether one of the last `count` items in flight has a call whose deadline is over.
    pub fn is_overdue(&self, count: usize, now: Instant) -> bool {
        let last = self.flights.iter().rev().take(count);
        last.flat_map(|item| &item.batch().entries)
            .any(|entry| entry.ticket.is_some() && entry.deadline <= now)
    }

    /// Takes what is settled off the list of what waits, so that nothing is opened for it.
    fn drop_settled(&mut self) {
        let mut rest = std::mem::take(&mut self.waiting);
        while let Some(mut item) = rest.pop_front() {
            if !item.batch_mut().is_settled() {
                self.waiting.push_back(item);
            } else if let Item::Wipe(walk) = item {
                self.held.release(walk.stem(), &mut rest);
            }
        }
    }

    /// Every batch there is.
    fn batches(&mut self) -> impl Iterator<Item = &mut Batch<T>> {
        let items = self.flights.iter_mut().chain(&mut self.waiting);
        let items = items.chain(&mut self.refused);
        let items = items.chain(self.starting.iter_mut().map(|(_, item)| item));
        items.map(Item::batch_mut).chain(self.held.batches_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::call::Call;
    use crate::engine::testing::{settings, write_ids};
    use crate::store::Op;

    fn batch(tickets: std::ops::Range<usize>, losses: u8) -> Item<usize> {
        let mut batch = Batch::new(settings(1));
        for ticket in tickets {
            let call = Call {
                op: Op::SaveIds,
                deadline: Instant::now(),
                ticket,
            };
            assert!(batch.push(call, write_ids).is_ok());
        }
        for entry in &mut batch.entries {
            entry.losses = losses;
        }
        Item::Calls(batch)
    }

    /// Sends the first of what waits, and tells which calls that are.
    fn take_off(pending: &mut Pending<usize>) -> Vec<usize> {
        let mut item = pending.waiting.pop_front().expect("something waits");
        let entries = &mut item.batch_mut().entries;
        let tickets = entries.iter().filter_map(|entry| entry.ticket).collect();
        pending.flights.push_back(item);
        tickets
    }

    #[test]
    fn calls_lost_time_after_time_go_in_order_in_ever_smaller_parts_alone() {
        for (losses, part) in [(2, 128), (3, 16), (4, 2), (5, 1), (u8::MAX, 1)] {
            let mut pending = Pending::new();
            pending.waiting.push_back(batch(0..128, losses));
            pending.waiting.push_back(batch(128..200, 0));
            for start in (0..128).step_by(part) {
                assert!(pending.may_send());
                let sent: Vec<usize> = (start..start + part).collect();
                assert_eq!(take_off(&mut pending), sent);
                assert!(!pending.may_send(), "a part goes alone");
                pending.flights.clear();
            }
            assert!(pending.may_send());
            assert_eq!(take_off(&mut pending).len(), 72);
            assert!(pending.may_send(), "what was not lost does not");
        }
    }

    #[test]
    fn a_part_waits_for_the_calls_before_it() {
        let mut pending = Pending::new();
        pending.waiting.push_back(batch(0..1, 1));
        pending.waiting.push_back(batch(1..2, 2));
        assert!(pending.may_send());
        take_off(&mut pending);
        assert!(!pending.may_send());
    }
}
