//! Calls as they wait and travel: batches that share one buffer for the text of their arguments.

use std::sync::Arc;

use redis::Value;

use super::call::{Call, Done, Entry, Lengths};
use crate::error::Error;
use crate::options::{Endpoint, Settings};
use crate::resp::{Commands, Reply};
use crate::store::{self, Answer, Args, Sending};

/// How many calls one batch, and so one pipeline, holds at most. More in one are no faster.
pub const MAX_CALLS: usize = 128;

/// What a command takes besides its arguments, in bytes.
const COMMAND_ROOM: usize = 64;

/// Who writes an argument wants more bytes than it takes.
const SPARE: usize = 128;

/// The most bytes to have ready for a batch: one huge argument is not often followed by another.
const MOST_READY: usize = 64 * 1024;

/// Calls in their order, made with the same settings.
#[derive(Debug)]
pub struct Batch<T> {
    pub settings: Arc<Settings>,
    pub entries: Vec<Entry<T>>,
    text: Vec<u8>,
}

/// Room in a batch.
#[derive(Clone, Copy, Default)]
pub struct Room {
    calls: usize,
    bytes: usize,
}

impl<T> Batch<T> {
    pub fn new(settings: Arc<Settings>) -> Batch<T> {
        Batch::with_room(settings, Room::default())
    }

    /// A batch that grows no further until it has as much as this.
    pub fn with_room(settings: Arc<Settings>, room: Room) -> Batch<T> {
        Batch {
            settings,
            entries: Vec::with_capacity(room.calls),
            text: Vec::with_capacity(room.bytes),
        }
    }

    /// The room to have ready for one like this.
    pub fn room(&self) -> Room {
        Room {
            calls: self.entries.len(),
            bytes: (self.text.len() + SPARE).min(MOST_READY),
        }
    }

    /// Whether a call with these settings may join.
    pub fn accepts(&self, settings: &Arc<Settings>) -> bool {
        self.entries.len() < MAX_CALLS && Arc::ptr_eq(&self.settings, settings)
    }

    /// Whether all calls of another batch may join.
    pub fn fits(&self, other: &Batch<T>) -> bool {
        self.entries.len() + other.entries.len() <= MAX_CALLS
            && Arc::ptr_eq(&self.settings, &other.settings)
    }

    /// Adds a call. `write` appends its arguments to the text and tells their lengths; when it
    /// fails, nothing is added.
    pub fn push<E>(
        &mut self,
        call: Call<T>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Lengths, E>,
    ) -> Result<(), E> {
        let start = self.text.len();
        match write(&mut self.text) {
            Ok(lengths) => {
                self.entries.push(Entry {
                    op: call.op,
                    deadline: call.deadline,
                    ticket: Some(call.ticket),
                    is_resent: false,
                    attempts: 0,
                    losses: 0,
                    hang_ups: 0,
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
    pub fn adopt(&mut self, mut entry: Entry<T>, from: &[u8]) {
        let size = entry.lengths.total();
        let start = self.text.len();
        self.text
            .extend_from_slice(&from[entry.start..entry.start + size]);
        entry.start = start;
        self.entries.push(entry);
    }

    /// Takes the first calls off, as a batch of their own.
    pub fn split(&mut self, count: usize) -> Batch<T> {
        let mut first = Batch::new(self.settings.clone());
        for entry in self.entries.drain(..count) {
            first.adopt(entry, &self.text);
        }
        first
    }

    /// Takes the calls out, with the text that [`Batch::adopt`] needs.
    pub fn into_parts(self) -> (Vec<Entry<T>>, Vec<u8>) {
        (self.entries, self.text)
    }

    /// The arguments of a call of this batch.
    pub fn args(&self, entry: &Entry<T>) -> Args<'_> {
        entry.args(&self.text)
    }

    /// The commands of all calls.
    pub fn commands(&self) -> Commands {
        // Room for all of it, so that nothing grows: a save has each argument twice.
        let room = 2 * self.text.len() + COMMAND_ROOM * self.entries.len();
        let mut commands = Commands::with_capacity(room);
        for entry in &self.entries {
            let names = &self.settings.names;
            store::write(entry.op, self.args(entry), names, &mut commands);
        }
        commands
    }

    /// Settles the calls for which `pick` gives a reason to fail.
    pub fn fail(
        &mut self,
        done: &mut Vec<Done<T>>,
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
    pub fn is_settled(&self) -> bool {
        self.entries.iter().all(|entry| entry.ticket.is_none())
    }

    /// Settles every call alike.
    pub fn finish(&mut self, result: Result<Answer, Error>, done: &mut Vec<Done<T>>) {
        for entry in &mut self.entries {
            let result = result.clone();
            let result = result.map_err(|error| entry.failure(&self.text, error));
            entry.settle(result, done);
        }
    }

    /// Settles each call by its reply, in order. When `waits`, only up to a reply that is to be
    /// waited out, which goes to `refusal`: that call and all after it, in later batches too, are
    /// to be sent again, or a later call of the same pair would overtake it.
    pub fn settle(
        &mut self,
        replies: impl Iterator<Item = Reply>,
        waits: bool,
        refusal: &mut Option<Error>,
        done: &mut Vec<Done<T>>,
    ) {
        let server = &self.settings.server;
        let in_halves = matches!(self.settings.endpoint, Endpoint::Cluster(_));
        for (entry, reply) in self.entries.iter_mut().zip(replies) {
            let sending = match (entry.is_resent, in_halves) {
                (false, _) => Sending::First,
                (true, false) => Sending::Again,
                (true, true) => Sending::AgainInHalves,
            };
            let was_refused = matches!(reply, Reply::Value(Value::ServerError(_)));
            if refusal.is_none() {
                match store::answer(entry.op, sending, reply, server) {
                    Err(error) if waits && error.passes() => *refusal = Some(error),
                    result => {
                        let result = result.map_err(|error| entry.failure(&self.text, error));
                        entry.settle(result, done);
                        continue;
                    }
                }
            }
            // Out of step, a reply may be that to another call; and of two halves only one was refused.
            let is_in_step = !matches!(refusal, Some(Error::Protocol { .. }));
            entry.is_resent |= !(was_refused && is_in_step) || in_halves;
        }
    }
}

#[cfg(test)]
mod tests;
