//! The calls of a link that are not settled, and those that are but not yet delivered.

use std::collections::VecDeque;
use std::time::Instant;

use super::batch::{Batch, MAX_CALLS};
use super::call::{Done, Entry};
use super::order::{Held, Item};
use crate::backend::Replies;
use crate::error::Error;

/// How often a server may close the connection on calls before one among them is suspected.
const TRUSTED: u8 = 2;

/// Calls by where they are.
pub struct Pending<T> {
    /// Not sent yet, or to be sent again, in order.
    pub waiting: VecDeque<Item<T>>,
    /// Sent, in order.
    pub flights: VecDeque<Flight<T>>,
    /// Answered by a reply that is to be waited out, or after a call that was, in order.
    pub refused: Vec<Item<T>>,
    /// Held back by a walk.
    pub held: Held<T>,
    /// Settled.
    pub done: Vec<Done<T>>,
}

/// What was sent in one go, and its replies to come.
pub struct Flight<T> {
    pub item: Item<T>,
    pub replies: Replies,
}

impl<T> Pending<T> {
    pub fn new() -> Pending<T> {
        Pending {
            waiting: VecDeque::new(),
            flights: VecDeque::new(),
            refused: Vec::new(),
            held: Held::new(),
            done: Vec::new(),
        }
    }

    /// Whether no call is left to settle.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
            && self.flights.is_empty()
            && self.refused.is_empty()
            && self.held.is_empty()
    }

    /// Takes in calls that were queued.
    pub fn add(&mut self, batch: Batch<T>) {
        self.held.sort(batch, &mut self.waiting);
    }

    /// Takes back what a lost connection carried and what was refused, to be sent again before all
    /// else. Of what was refused it is known already whether it was carried out.
    pub fn take_back(&mut self) {
        for Flight { mut item, .. } in self.flights.drain(..).rev() {
            match &mut item {
                Item::Calls(batch) => {
                    for entry in &mut batch.entries {
                        entry.is_resent = true;
                    }
                }
                Item::Wipe(walk) => walk.wipe.restart(),
            }
            self.waiting.push_front(item);
        }
        for item in self.refused.drain(..).rev() {
            self.waiting.push_front(item);
        }
    }

    /// Whether the first of what waits may be sent. Calls that were lost time after time go in ever
    /// smaller parts, one part at a time, so that one which the server hangs up on is found alone.
    pub fn may_send(&mut self) -> bool {
        let doubt = |item: &Item<T>| match item {
            Item::Calls(batch) => batch.entries.first()?.losses.checked_sub(TRUSTED),
            Item::Wipe(_) => None,
        };
        // Nothing goes after a part: it is the last under way.
        let mut flights = self.flights.iter();
        if flights
            .next_back()
            .is_some_and(|last| doubt(&last.item).is_some())
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
        let is_calls = |flight: &Flight<T>| matches!(flight.item, Item::Calls(_));
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
        let Pending {
            waiting,
            flights,
            refused,
            held,
            done,
        } = self;
        for batch in batches(waiting, flights, refused, held) {
            batch.fail(done, &pick);
        }
        self.drop_settled();
    }

    /// The first deadline of a call that is not settled.
    pub fn first_deadline(&mut self) -> Option<Instant> {
        let Pending {
            waiting,
            flights,
            refused,
            held,
            ..
        } = self;
        batches(waiting, flights, refused, held)
            .flat_map(|batch| batch.entries.iter())
            .filter(|entry| entry.ticket.is_some())
            .map(|entry| entry.deadline)
            .min()
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
}

/// Every batch there is.
fn batches<'a, T>(
    waiting: &'a mut VecDeque<Item<T>>,
    flights: &'a mut VecDeque<Flight<T>>,
    refused: &'a mut [Item<T>],
    held: &'a mut Held<T>,
) -> impl Iterator<Item = &'a mut Batch<T>> {
    let sent = flights.iter_mut().map(|flight| flight.item.batch_mut());
    let unsent = waiting.iter_mut().map(Item::batch_mut);
    let refused = refused.iter_mut().map(Item::batch_mut);
    sent.chain(unsent).chain(refused).chain(held.batches_mut())
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
        let replies = Replies::OfMany(Box::pin(std::future::pending()));
        pending.flights.push_back(Flight { item, replies });
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
