//! A call on its way, and its place in a batch.

use tokio::time::Instant;

use super::completion::{Completion, Failure};
use crate::backend::History;
use crate::call::{Answer, Args, Operation};
use crate::error::{Error, masked};
use crate::key::Half;

/// How many characters of an id are shown.
const MOST_SHOWN: usize = 64;

/// A call to be put on a link.
#[derive(Debug)]
pub struct Call<T> {
    /// What to do.
    pub operation: Operation,
    /// Until when it may be sent and answered.
    pub deadline: Instant,
    /// Names the call to the receiver of its result.
    pub ticket: T,
}

/// The length of each argument in the batch's text, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lengths {
    /// The key prefix.
    pub prefix: u32,
    /// The integration id.
    pub integration: u32,
    /// The botmatic id of a save or delete, the one id of a lookup.
    pub first: u32,
    /// The external id of a save or delete.
    pub second: u32,
}

/// A call in its batch.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub operation: Operation,
    pub deadline: Instant,
    /// `None` once it is settled.
    pub ticket: Option<T>,
    /// What its earlier sendings did.
    pub history: History,
    /// How many times it was sent.
    pub attempts: u8,
    /// How many times it was under way when the server closed the connection.
    pub losses: u8,
    /// How many of these were because of it, as far as that is certain.
    pub hang_ups: u8,
    /// How many times a connection was given up since the server refused it for now.
    pub refusals: u8,
    pub(super) start: usize,
    pub(super) lengths: Lengths,
}

impl Lengths {
    pub(super) fn total(self) -> usize {
        [self.prefix, self.integration, self.first, self.second]
            .iter()
            .map(|&length| length as usize)
            .sum()
    }

    /// The arguments of these lengths that `text` begins with.
    pub fn args(self, text: &[u8]) -> Args<'_> {
        let Lengths {
            prefix,
            integration,
            first,
            second,
        } = self;
        let (stem, rest) = text.split_at(prefix as usize + integration as usize);
        let (first, rest) = rest.split_at(first as usize);
        Args {
            stem,
            first,
            second: &rest[..second as usize],
        }
    }
}

impl<T> Entry<T> {
    /// The arguments, out of the text of the entry's batch.
    pub(super) fn args<'a>(&self, text: &'a [u8]) -> Args<'a> {
        self.lengths.args(&text[self.start..])
    }

    /// The call as it stands in that text, and what is known of it.
    pub(super) fn parts<'a>(
        &'a mut self,
        text: &'a [u8],
    ) -> (Operation, Args<'a>, &'a mut History) {
        let args = self.lengths.args(&text[self.start..]);
        (self.operation, args, &mut self.history)
    }

    /// The failure of this call for `error`.
    pub(super) fn failure(&self, text: &[u8], error: Error) -> Box<Failure> {
        let args = self.args(text);
        let (prefix, integration) = args.stem.split_at(self.lengths.prefix as usize);
        let integration_shown = masked(integration);
        let error = match self.operation.half() {
            Some(half) => error.of_key(|| shown_key(prefix, &integration_shown, half, args.first)),
            None => error,
        };
        Box::new(Failure {
            operation: self.operation,
            error: error.without(integration),
            integration: integration_shown,
        })
    }

    /// Settles the call, unless it is settled already.
    pub(super) fn settle(
        &mut self,
        result: Result<Answer, Box<Failure>>,
        done: &mut Vec<Completion<T>>,
    ) {
        if let Some(ticket) = self.ticket.take() {
            let attempts = self.attempts;
            done.push(Completion {
                ticket,
                result,
                attempts,
            });
        }
    }
}

/// A key as it may be shown.
fn shown_key(prefix: &[u8], integration: &str, half: Half, id: &[u8]) -> String {
    let [prefix, separator, id] =
        [prefix, half.separator(), id].map(|part| String::from_utf8_lossy(part));
    let id = match id.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &id[..end]),
        None => id.into_owned(),
    };
    [&*prefix, integration, &*separator, &id].concat()
}
