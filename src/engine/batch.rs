//! Calls as they wait and travel: batches that share one buffer for the text of their arguments.

use std::sync::Arc;

use super::completion::Completion;
use super::entry::{Call, Entry, Lengths};
use super::replay::Replay;
use crate::backend::{History, Outcome, Session};
use crate::call::{Answer, Args, Operation};
use crate::error::Error;
use crate::settings::Settings;

/// How many calls one batch, and so one pipeline, holds at most. More in one are no faster.
pub(super) const MAX_CALLS: usize = 128;

/// Who writes an argument wants more bytes than it takes.
const SPARE: usize = 128;

/// The most bytes to have ready for a batch: one huge argument is not often followed by another.
const MOST_READY: usize = 64 * 1024;

/// Calls in their order, made with the same settings.
#[derive(Debug)]
pub(super) struct Batch<T> {
    pub settings: Arc<Settings>,
    pub entries: Vec<Entry<T>>,
    text: Vec<u8>,
}

/// Room in a batch.
#[derive(Clone, Copy, Default)]
pub(super) struct Room {
    calls: usize,
    bytes: usize,
}

impl<T> Batch<T> {
    pub(super) fn new(settings: Arc<Settings>) -> Batch<T> {
        Batch::with_room(settings, Room::default())
    }

    /// A batch that grows no further until it has as much as this.
    pub(super) fn with_room(settings: Arc<Settings>, room: Room) -> Batch<T> {
        Batch {
            settings,
            entries: Vec::with_capacity(room.calls),
            text: Vec::with_capacity(room.bytes),
        }
    }

    /// The room to have ready for one like this.
    pub(super) fn room(&self) -> Room {
        Room {
            calls: self.entries.len(),
            bytes: (self.text.len() + SPARE).min(MOST_READY),
        }
    }

    /// Whether a call with these settings may join.
    pub(super) fn accepts(&self, settings: &Arc<Settings>) -> bool {
        self.entries.len() < MAX_CALLS && Arc::ptr_eq(&self.settings, settings)
    }

    /// Whether all calls of another batch may join.
    pub(super) fn fits(&self, other: &Batch<T>) -> bool {
        self.entries.len() + other.entries.len() <= MAX_CALLS
            && Arc::ptr_eq(&self.settings, &other.settings)
    }

    /// Adds a call. `write` appends its arguments to the text and tells their lengths; when it
    /// fails, nothing is added.
    pub(super) fn push<E>(
        &mut self,
        call: Call<T>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Lengths, E>,
    ) -> Result<(), E> {
        let start = self.text.len();
        match write(&mut self.text) {
            Ok(lengths) => {
                self.entries.push(Entry {
                    operation: call.operation,
                    deadline: call.deadline,
                    ticket: Some(call.ticket),
                    history: History::default(),
                    attempts: 0,
                    losses: 0,
                    hang_ups: 0,
                    refusals: 0,
                    start,
                    lengths,
                });
                Ok(())
            }
            Err(error) => {
                self.text.truncate(start);
                Err(error)
            }
        }
    }

    /// Adds a call of another batch.
    pub(super) fn adopt(&mut self, mut entry: Entry<T>, from: &[u8]) {
        let size = entry.lengths.total();
        let start = self.text.len();
        self.text
            .extend_from_slice(&from[entry.start..entry.start + size]);
        entry.start = start;
        self.entries.push(entry);
    }

    /// Takes the first calls off, as a batch of their own.
    pub(super) fn split(&mut self, count: usize) -> Batch<T> {
        let mut first = Batch::new(self.settings.clone());
        for entry in self.entries.drain(..count) {
            first.adopt(entry, &self.text);
        }
        first
    }

    /// Takes the calls out, with the text that [`Batch::adopt`] needs.
    pub(super) fn into_parts(self) -> (Vec<Entry<T>>, Vec<u8>) {
        (self.entries, self.text)
    }

    /// The arguments of a call of this batch.
    pub(super) fn args(&self, entry: &Entry<T>) -> Args<'_> {
        entry.args(&self.text)
    }

    /// The calls, and what is known of each.
    pub(super) fn parts(
        &mut self,
    ) -> impl DoubleEndedIterator<Item = (Operation, Args<'_>, &mut History)> {
        let entries = self.entries.iter_mut();
        entries.map(|entry| entry.parts(&self.text))
    }

    /// Sends the calls that are not settled; the others are dropped.
    pub(super) fn send(&mut self, session: &mut impl Session) {
        self.entries.retain(|entry| entry.ticket.is_some());
        for entry in &mut self.entries {
            entry.attempts = entry.attempts.saturating_add(1);
        }
        let calls = self
            .entries
            .iter()
            .map(|entry| (entry.operation, self.args(entry)));
        session.send(calls, self.text.len());
    }

    /// Settles the calls for which `pick` gives a reason to fail.
    pub(super) fn fail(
        &mut self,
        done: &mut Vec<Completion<T>>,
        pick: impl Fn(&Batch<T>, &Entry<T>) -> Option<Error>,
    ) {
        for index in 0..self.entries.len() {
            let entry = &self.entries[index];
            if entry.ticket.is_some()
                && let Some(error) = pick(self, entry)
            {
                let failure = entry.failure(&self.text, error);
                self.entries[index].settle(Err(failure), done);
            }
        }
    }

    /// Whether no call is left to settle.
    pub(super) fn is_settled(&self) -> bool {
        self.entries.iter().all(|entry| entry.ticket.is_none())
    }

    /// Settles every call alike.
    pub(super) fn finish(&mut self, result: Result<Answer, Error>, done: &mut Vec<Completion<T>>) {
        for entry in &mut self.entries {
            let result = result.clone();
            let result = result.map_err(|error| entry.failure(&self.text, error));
            entry.settle(result, done);
        }
    }

    /// Settles the calls by what `came` back for each, in order. What is refused, what is lost, what goes again,
    /// and what was carried out before one of these that it should have come after, stays; the reason of a refusal, if
    /// any, and how often that call was refused are told.
    pub(super) fn settle(
        &mut self,
        mut came: impl FnMut(Operation, &mut History) -> Outcome,
        rules: Rules<'_>,
        replay: &mut Replay,
        done: &mut Vec<Completion<T>>,
    ) -> Option<(Error, u8)> {
        let mut refusal = None;
        for entry in &mut self.entries {
            let result = match came(entry.operation, &mut entry.history) {
                // What nearly every call comes to.
                Outcome::Settled(Ok(answer)) if replay.is_empty() => {
                    entry.settle(Ok(answer), done);
                    continue;
                }
                Outcome::Settled(result) => {
                    let is_early = replay.touches(entry.operation, entry.args(&self.text));
                    (!is_early).then_some(result)
                }
                Outcome::Refused(error) if rules.waits => {
                    if refusal.is_none() && entry.ticket.is_some() {
                        entry.refusals = entry.refusals.saturating_add(1);
                        refusal = Some((error, entry.refusals));
                    }
                    None
                }
                Outcome::Refused(error) => Some(Err(error)),
                Outcome::Lost => rules.lost.cloned().map(Err),
                Outcome::Again(_) => {
                    entry.operation = entry.operation.alone();
                    rules.lost.cloned().map(Err)
                }
            };
            if let Some(result) = result {
                let result = result.map_err(|error| entry.failure(&self.text, error));
                entry.settle(result, done);
            } else if entry.ticket.is_some() {
                replay.add(entry.operation, entry.args(&self.text));
            }
        }
        refusal
    }
}

/// What becomes of calls that were not carried out.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Whether they wait for a refusal to pass; else they fail.
    pub waits: bool,
    /// What those fail with that were lost; they wait when `None`.
    pub lost: Option<&'a Error>,
}

#[cfg(test)]
mod tests;
