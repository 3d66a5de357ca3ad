//! What became of a call.

use crate::call::{Answer, Operation};
use crate::error::Error;

/// A result, for the receiver.
#[derive(Debug)]
pub struct Completion<T> {
    /// The call's ticket.
    pub ticket: T,
    /// What became of it. In a box, since few fail, and all are passed on by threads.
    pub result: Result<Answer, Box<Failure>>,
    /// How many times it was sent.
    pub attempts: u8,
}

/// Why a call failed, and which call it was.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The call.
    pub operation: Operation,
    /// Its integration id, as far as it may be shown.
    pub integration: String,
    /// The reason.
    pub error: Error,
}
