//! The life of a call over any backend: from its submission to its completion.
//!
//! The JavaScript thread puts each [`Submission`] of calls on a [`Queue`]; a [`driver`] on the I/O
//! thread hands them to a session of the backend in their order, many at once, and gives what becomes
//! of them to the queue's [`Receiver`].

mod barrier;
mod batch;
mod completion;
mod deadline;
mod driver;
mod entry;
mod pending;
mod queue;
mod reconnect;
mod replay;
mod submission;
mod thread;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use crate::backend::{Backend, Session};

/// The deletions of a backend.
type DeletionOf<B> = <<B as Backend>::Session as Session>::Deletion;
/// The answers of a backend.
type AnswersOf<B> = <<B as Backend>::Session as Session>::Answers;

pub use completion::{Completion, Failure};
pub use entry::{Call, Lengths};
pub use queue::{ConnectionEvent, Queue, Receiver};
pub use submission::Submission;
