//! Calls that wait until JavaScript knows what to connect with.

use tokio::time::Instant;

use super::promise::Ticket;
use crate::engine::{Call, Failure, Lengths};
use crate::error::{Error, masked};

/// Calls that are to go with the same settings, in their order.
#[derive(Default)]
pub(super) struct WaitingCalls(Vec<WaitingCall>);

/// A call, its arguments already text.
pub(super) struct WaitingCall {
    call: Call<Ticket>,
    made: Instant,
    text: Vec<u8>,
    lengths: Lengths,
}

impl WaitingCalls {
    /// Adds a call, whose deadline counts from the epoch. `write` appends its arguments and tells
    /// their lengths; when it fails, nothing is added.
    pub(super) fn push<E>(
        &mut self,
        call: Call<Ticket>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Lengths, E>,
    ) -> Result<(), E> {
        let mut text = Vec::new();
        let lengths = write(&mut text)?;
        text.shrink_to_fit();
        self.0.push(WaitingCall {
            call,
            made: Instant::now(),
            text,
            lengths,
        });
        Ok(())
    }

    /// Takes the calls out whose time is over.
    pub(super) fn expired(&mut self, epoch: Instant) -> impl Iterator<Item = WaitingCall> {
        let is_over = move |waiting: &mut WaitingCall| {
            waiting.made.elapsed() >= waiting.call.deadline - epoch
        };
        self.0.extract_if(.., is_over)
    }

    /// All calls.
    pub(super) fn into_calls(self) -> impl Iterator<Item = WaitingCall> {
        self.0.into_iter()
    }
}

impl WaitingCall {
    /// The call as one that is made now, with its arguments and their lengths.
    pub(super) fn into_parts(mut self, epoch: Instant) -> (Call<Ticket>, Vec<u8>, Lengths) {
        let deadline = self.call.deadline.checked_sub(self.made.elapsed());
        self.call.deadline = deadline.unwrap_or(epoch);
        (self.call, self.text, self.lengths)
    }

    /// Its ticket, and the failure that it comes to.
    pub(super) fn into_failure(self, error: Error) -> (Ticket, Failure) {
        let start = self.lengths.prefix as usize;
        let integration = &self.text[start..start + self.lengths.integration as usize];
        let failure = Failure {
            operation: self.call.operation,
            integration: masked(integration),
            error: error.without(integration),
        };
        (self.call.ticket, failure)
    }
}
