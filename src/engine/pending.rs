//! The calls of a link that are not settled, and those that are but not yet delivered.

use std::collections::VecDeque;
use std::time::Instant;

use super::batch::{Batch, Done, Entry};
use super::order::{Held, Item};
use crate::backend::Replies;
use crate::error::Error;

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
