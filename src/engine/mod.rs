//! The life of a call: from the queue it is put on, over the connection, to its result.
//!
//! The JavaScript thread puts each [`Burst`] of calls on a [`Link`]; a [`runner`] on the I/O thread
//! sends them in their order, many to a pipeline, and hands the results to the link's [`Receiver`].

mod again;
mod batch;
mod burst;
mod call;
mod deadline;
mod line;
mod link;
mod order;
mod pending;
mod runner;
mod thread;

#[cfg(test)]
mod testing;

pub use burst::Burst;
pub use call::{Call, Done, Failure, Lengths};
pub use link::{Link, Note, Receiver};
