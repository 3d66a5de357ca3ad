//! The seam between the engine and the places where pairs are kept: what the engine asks of one.
//!
//! A [`Session`] is handed calls in order, many at once, and gives in order what became of each: an
//! answer, a refusal for now, or the word that it is lost, which means that it may have been carried
//! out. The deletion of a whole integration is a series of steps that the backend owns; between them
//! the engine lets other calls through. Deadlines, order, replay and backoff are the engine's.

pub mod either;
pub mod embedded;
mod locked;
pub mod redis;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::call::{Answer, Args, Operation};
use crate::error::Error;
use crate::settings::Settings;

/// A place where pairs are kept, as long as a queue of calls to it lives.
pub trait Backend: Send + Sync + 'static {
    /// What serves calls until it is lost.
    type Session: Session;

    /// Opens a session, within the settings' `connect_timeout`.
    fn connect(
        self: Arc<Self>,
        settings: Arc<Settings>,
    ) -> impl Future<Output = Result<Self::Session, ConnectError>> + Send;

    /// What was met of late that whoever runs the server should know, each once.
    fn take_remarks(&self) -> Vec<Remark> {
        Vec::new()
    }

    /// Gives back what it holds besides its sessions, which are over. It may be connected to again.
    fn close(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// What whoever runs a server should know.
#[derive(Clone, Debug)]
pub struct Remark {
    /// The server.
    pub server: Arc<str>,
    /// What is amiss there, and what to do.
    pub text: Arc<str>,
}

/// What serves calls. Dropping it closes it.
pub trait Session: Send + 'static {
    /// The deletion of an integration, on its way.
    type Deletion: Deletion;
    /// What became of the calls that were sent in one go.
    type Answers: Answers<Deletion = Self::Deletion>;

    /// No call with less text than this, in bytes, makes the other side hang up.
    const HARMLESS: usize;

    /// Whether more may be sent now. When not, an answer is to come.
    fn has_room(&self) -> bool;

    /// Takes calls, at least one, to be carried out after all that were sent before. Their arguments
    /// have `bytes` of text.
    fn send<'a>(
        &mut self,
        calls: impl ExactSizeIterator<Item = (Operation, Args<'a>)> + Clone,
        bytes: usize,
    );

    /// Takes the next step of a deletion: the first one, when it has not begun on this session. Fails when
    /// it cannot be done here at all; nothing is sent then.
    fn step(&mut self, deletion: &mut Self::Deletion) -> Result<(), Error>;

    /// Whether a deletion has not begun on this session.
    fn is_new_to(&self, deletion: &Self::Deletion) -> bool;

    /// Works, and resolves to the answers to what was sent first, or to the end of the session.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Self::Answers, End>>;

    /// From now on, sends nothing of what is in flight on to where it is redirected: that is refused then.
    fn stay(&mut self);

    /// How many of what was sent last can still be taken back, by ending the session.
    fn unsent(&self) -> usize;

    /// Ends the session: what is known of each that was sent and not answered, in order.
    fn end(self) -> VecDeque<Self::Answers>;
}

/// The deletion of an integration.
pub trait Deletion: Send {
    /// A deletion of all pairs under `stem`, the key prefix and the integration id.
    fn new(stem: &[u8]) -> Self;
}

/// What became of the calls that were sent in one go, or of the step of a deletion.
pub trait Answers {
    /// Whose steps they may be of.
    type Deletion;

    /// What became of the next call, given what its earlier sendings left.
    fn next(&mut self, operation: Operation, history: &mut History) -> Outcome;

    /// What a step came to, `None` when there are more to take.
    fn step(&mut self, deletion: &mut Self::Deletion) -> Option<Outcome>;

    /// The other side hung up on that step, and nothing was sent before it that is not answered: perhaps
    /// for the step. The deletion may be of another mind on the next session.
    fn hung_up(self, deletion: &mut Self::Deletion);

    /// Why the session is of no more use, when what came over it made no sense.
    fn nonsense(self) -> Option<Error>;
}

/// What became of a call that was sent.
#[derive(Debug)]
pub enum Outcome {
    /// It was carried out, or failed for good.
    Settled(Result<Answer, Error>),
    /// It was not carried out in full, and may be later or on another session.
    Refused(Error),
    /// It may have been carried out.
    Lost,
    /// A lookup told too little, as one of several with one command: it goes again by itself, at once. With
    /// the reason, where they were refused together.
    Again(Option<Error>),
}

/// What earlier sendings of a pair delete have done, as far as that is known, or one of a lookup has told.
#[derive(Clone, Copy, Debug, Default)]
pub struct History {
    /// How many of its keys they found, where both went in one step.
    pub found: u8,
    /// Which halves they found, or may have found, where each went by itself.
    pub halves: [bool; 2],
    /// Whether one was lost in which both went in one step.
    pub is_lost: bool,
    /// Whether a call after it, lost with it, saves one of its keys anew: what is found of it later
    /// then says nothing.
    pub is_overwritten: bool,
    /// Whether there was no string, but perhaps something else: a string that is there later came with a
    /// later call.
    pub had_no_string: bool,
}

impl History {
    /// What a pair delete comes to in which both keys go in one step, and so many are found now.
    pub fn deleted(&mut self, found: u8) -> Answer {
        self.found = self.found.saturating_add(found);
        // One step: one that finds a key, and it is no new one, was not carried out before.
        let was_done = self.is_lost && (found == 0 || self.is_overwritten);
        Answer::from(self.found >= 2 || was_done)
    }
}

/// Why a session is over.
#[derive(Debug)]
pub struct End {
    /// The reason.
    pub error: Error,
    /// Whether the other side ended it, for a call perhaps.
    pub is_hang_up: bool,
}

/// Why there is no session.
#[derive(Debug)]
pub struct ConnectError {
    /// The reason.
    pub error: Error,
    /// Whether trying again with the same settings is of no use.
    pub is_final: bool,
}

impl ConnectError {
    /// Trying again may help.
    pub fn transient(error: Error) -> ConnectError {
        ConnectError {
            error,
            is_final: false,
        }
    }

    /// Trying again is of no use.
    pub fn lasting(error: Error) -> ConnectError {
        ConnectError {
            error,
            is_final: true,
        }
    }
}
