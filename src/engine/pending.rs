//! The calls of a queue that are not settled, by where they are, and those that are settled and not
//! delivered yet.
//!
//! ```text
//!              sort                 send                complete
//!   queue ──┬───────▶ waiting ──────────────▶ in flight ────────▶ completions
//!           │         ▲  ▲ │ ▲                  │
//!           │ release │  │ │ └ deferred ◀┐      │ refused, or lost
//!           ▼         │  │ └─────────────┘      ▼
//!          barrier ───┘  └──────────────── to replay
//! ```
//!
//! A deletion is deferred until the calls before it are answered; calls of its integration wait at the
//! barrier until it is done.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::barrier::{Barrier, DeletionCall, Item};
use super::batch::{Batch, MAX_CALLS};
use super::completion::Completion;
use super::entry::Entry;
use super::replay::Replay;
use crate::backend::Deletion;
use crate::error::Error;

/// How often a session may be lost on calls before one among them is suspected.
const TRUSTED: u8 = 2;

/// Calls by where they are.
pub(super) struct Pending<T, D> {
    /// Not sent yet, or to be sent again, in order.
    pub waiting: VecDeque<Item<T, D>>,
    /// Sent, in order.
    pub in_flight: VecDeque<Item<T, D>>,
    /// To be sent again on the next session, in order.
    pub refused: Vec<Item<T, D>>,
    /// The keys of those.
    pub replay: Replay,
    /// Deletions that begin once all calls before them are answered: when so many items are. A call
    /// that a cluster redirects would reach its node after them.
    deferred: VecDeque<(u64, Item<T, D>)>,
    /// How many items were sent, and how many of them are not in flight any more.
    sent: u64,
    completed: u64,
    /// What waits for a deletion.
    pub barrier: Barrier<T>,
    /// Settled.
    pub completions: Vec<Completion<T>>,
}

impl<T, D: Deletion> Pending<T, D> {
    pub(super) fn new() -> Pending<T, D> {
        Pending {
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
            refused: Vec::new(),
            replay: Replay::default(),
            deferred: VecDeque::new(),
            sent: 0,
            completed: 0,
            barrier: Barrier::new(),
            completions: Vec::new(),
        }
    }

    /// Whether no call is left to settle.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
            && self.in_flight.is_empty()
            && self.refused.is_empty()
            && self.deferred.is_empty()
            && self.barrier.is_empty()
    }

    /// Takes in calls that were queued.
    pub(super) fn add(&mut self, batch: Batch<T>) {
        self.barrier.sort(batch, &mut self.waiting);
    }

    /// The first of what waits was sent.
    pub(super) fn sent(&mut self) {
        if let Some(item) = self.waiting.pop_front() {
            self.in_flight.push_back(item);
            self.sent += 1;
        }
    }

    /// Takes the first of what is in flight, which is answered.
    pub(super) fn complete(&mut self) -> Option<Item<T, D>> {
        let item = self.in_flight.pop_front()?;
        self.completed += 1;
        Some(item)
    }

    /// Keeps what is left of an item to be sent again, on the next session.
    pub(super) fn refuse(&mut self, item: Item<T, D>) {
        if !item.batch().is_settled() {
            self.refused.push(item);
        } else if let Item::Deletion(deletion) = item {
            self.barrier.release(deletion.stem(), &mut self.waiting);
        }
    }

    /// Puts deletions in front of what waits whose turn has come.
    pub(super) fn start_deletions(&mut self) {
        while let Some((after, _)) = self.deferred.front()
            && *after <= self.completed
            && let Some((_, mut item)) = self.deferred.pop_front()
        {
            if let Item::Deletion(deletion) = &mut item {
                deletion.is_cleared = true;
            }
            self.waiting.push_front(item);
        }
    }

    /// Puts the deletion that waits first aside, when calls before it are in flight. Tells whether it did.
    pub(super) fn defer_deletion(&mut self) -> bool {
        let is_calls = |item: &Item<T, D>| matches!(item, Item::Calls(_));
        let Some(Item::Deletion(DeletionCall { is_cleared, .. })) = self.waiting.front() else {
            return false;
        };
        if *is_cleared || !self.in_flight.iter().any(is_calls) {
            return false;
        }
        let deferred = self.waiting.pop_front().map(|item| (self.sent, item));
        self.deferred.extend(deferred);
        true
    }

    /// The session is gone: what it carried and what was refused on it is to be sent again before all
    /// else.
    pub(super) fn take_back(&mut self) {
        self.completed = self.sent;
        let deferred = self.deferred.drain(..).map(|(_, item)| item);
        let again = self.refused.drain(..).chain(deferred);
        for item in again.collect::<Vec<_>>().into_iter().rev() {
            self.waiting.push_front(item);
        }
        for item in &mut self.waiting {
            if let Item::Deletion(deletion) = item {
                deletion.is_cleared = false;
            }
        }
        self.replay = Replay::default();
        self.drop_settled();
    }

    /// Whether the first of what waits may be sent. Calls that were lost time after time go in ever
    /// smaller parts, one part at a time, so that one which the other side hangs up on is found alone.
    pub(super) fn may_send(&mut self) -> bool {
        let doubt = |item: &Item<T, D>| match item {
            Item::Calls(batch) => batch.entries.first()?.losses.checked_sub(TRUSTED),
            Item::Deletion(_) => None,
        };
        // Nothing goes after a part: it is the last under way.
        if self
            .in_flight
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
        let is_calls = |item: &Item<T, D>| matches!(item, Item::Calls(_));
        if self.in_flight.iter().any(is_calls) {
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
    pub(super) fn fail(&mut self, pick: impl Fn(&Batch<T>, &Entry<T>) -> Option<Error>) {
        let mut completions = std::mem::take(&mut self.completions);
        for batch in self.batches() {
            batch.fail(&mut completions, &pick);
        }
        self.completions = completions;
        self.drop_settled();
    }

    /// The first deadline of a call that is not settled.
    pub(super) fn first_deadline(&mut self) -> Option<Instant> {
        self.batches()
            .flat_map(|batch| batch.entries.iter())
            .filter(|entry| entry.ticket.is_some())
            .map(|entry| entry.deadline)
            .min()
    }

    /// Whether one of the last `count` items in flight has a call whose deadline is over.
    pub(super) fn is_overdue(&self, count: usize, now: Instant) -> bool {
        let last = self.in_flight.iter().rev().take(count);
        last.flat_map(|item| &item.batch().entries)
            .any(|entry| entry.ticket.is_some() && entry.deadline <= now)
    }

    /// Takes what is settled off the list of what waits, so that nothing is opened for it.
    fn drop_settled(&mut self) {
        let mut rest = std::mem::take(&mut self.waiting);
        while let Some(mut item) = rest.pop_front() {
            if !item.batch_mut().is_settled() {
                self.waiting.push_back(item);
            } else if let Item::Deletion(deletion) = item {
                self.barrier.release(deletion.stem(), &mut rest);
            }
        }
    }

    /// Every batch there is.
    fn batches(&mut self) -> impl Iterator<Item = &mut Batch<T>> {
        let items = self.in_flight.iter_mut().chain(&mut self.waiting);
        let items = items.chain(&mut self.refused);
        let items = items.chain(self.deferred.iter_mut().map(|(_, item)| item));
        items.map(Item::batch_mut).chain(self.barrier.batches_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Operation;
    use crate::engine::entry::Call;
    use crate::engine::testing::{settings, write_ids};

    fn batch(tickets: std::ops::Range<usize>, losses: u8) -> Item<usize, ()> {
        let mut batch = Batch::new(settings());
        for ticket in tickets {
            let call = Call {
                operation: Operation::SaveIds,
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
    fn send(pending: &mut Pending<usize, ()>) -> Vec<usize> {
        let mut item = pending.waiting.pop_front().expect("something waits");
        let entries = &mut item.batch_mut().entries;
        let tickets = entries.iter().filter_map(|entry| entry.ticket).collect();
        pending.in_flight.push_back(item);
        tickets
    }

    #[test]
    fn calls_lost_time_after_time_go_in_order_in_ever_smaller_parts_alone() {
        for (losses, part) in [(2, 128), (3, 16), (4, 2), (5, 1), (u8::MAX, 1)] {
            let mut pending = Pending::<_, ()>::new();
            pending.waiting.push_back(batch(0..128, losses));
            pending.waiting.push_back(batch(128..200, 0));
            for start in (0..128).step_by(part) {
                assert!(pending.may_send());
                let sent: Vec<usize> = (start..start + part).collect();
                assert_eq!(send(&mut pending), sent);
                assert!(!pending.may_send(), "a part goes alone");
                pending.in_flight.clear();
            }
            assert!(pending.may_send());
            assert_eq!(send(&mut pending).len(), 72);
            assert!(pending.may_send(), "what was not lost does not");
        }
    }

    #[test]
    fn a_part_waits_for_the_calls_before_it() {
        let mut pending = Pending::<_, ()>::new();
        pending.waiting.push_back(batch(0..1, 1));
        pending.waiting.push_back(batch(1..2, 2));
        assert!(pending.may_send());
        send(&mut pending);
        assert!(!pending.may_send());
    }
}
