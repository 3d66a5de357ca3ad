//! What came back for what was sent in one go, and what it means.

use std::mem;
use std::sync::Arc;
use std::vec;

use super::deletion::{Deletion, Step};
use super::operations::{Reception, of_reply, outcome};
use super::pipeline::Known;
use super::replies::Reply;
use super::topology::Topology;
use crate::backend::{self, History, Outcome};
use crate::call::{Answer, Operation};
use crate::error::Error;

/// What came back for the calls of one sending, in order, as far as it came.
pub struct Answers {
    server: Arc<str>,
    received: Received,
    nonsense: Option<Error>,
}

/// What came back.
pub enum Received {
    /// Of one server: replies to the first commands.
    Replies(vec::IntoIter<Reply>),
    /// Of the nodes of a cluster: for each command what came of its pieces.
    Pieces(vec::IntoIter<Reception>),
    /// Nothing: it was not sent.
    Unsent,
    /// What the nodes of a cluster told of themselves.
    Topology(Result<Topology, Error>),
}

impl From<Known> for Received {
    fn from(known: Known) -> Received {
        match known {
            Known::Replies(replies) => Received::replies(replies),
            Known::Unsent => Received::Unsent,
        }
    }
}

impl Received {
    /// Replies to the first commands.
    pub fn replies(replies: Vec<Reply>) -> Received {
        Received::Replies(replies.into_iter())
    }
}

impl Answers {
    /// What was received from `server`.
    pub fn new(server: Arc<str>, received: Received) -> Answers {
        Answers {
            server,
            received,
            nonsense: None,
        }
    }

    /// Whatever comes after this is out of step too.
    fn out_of_step(&mut self, error: Error) -> Outcome {
        self.received = Received::replies(vec![]);
        self.nonsense = Some(error);
        Outcome::Lost
    }
}

impl backend::Answers for Answers {
    type Deletion = Deletion;

    fn next(&mut self, operation: Operation, history: &mut History) -> Outcome {
        let server = &self.server;
        let outcome = match &mut self.received {
            Received::Replies(replies) => match replies.next() {
                Some(reply) => of_reply(operation, reply, history, server),
                None => outcome(operation, Reception::Lost, history, server),
            },
            Received::Pieces(pieces) => {
                let reception = pieces.next().unwrap_or(Reception::Lost);
                outcome(operation, reception, history, server)
            }
            Received::Topology(_) => outcome(operation, Reception::Lost, history, server),
            // To be sent again as what is lost is, but nothing of it was carried out.
            Received::Unsent => Ok(Outcome::Lost),
        };
        outcome.unwrap_or_else(|error| self.out_of_step(error))
    }

    fn step(&mut self, deletion: &mut Deletion) -> Option<Outcome> {
        let server = &self.server;
        let stepped = match mem::replace(&mut self.received, Received::replies(vec![])) {
            Received::Replies(replies) => deletion.advance(replies.collect(), server),
            Received::Pieces(pieces) => {
                let mut replies = Vec::with_capacity(pieces.len());
                for reception in pieces {
                    match reception {
                        Reception::Reply(reply) => replies.push(reply),
                        Reception::Refused(error) => return Some(Outcome::Refused(error)),
                        Reception::Halves(_) | Reception::Lost => return Some(Outcome::Lost),
                    }
                }
                deletion.advance(replies, server)
            }
            Received::Unsent => return Some(Outcome::Lost),
            Received::Topology(topology) => {
                topology.and_then(|topology| deletion.compare(topology, server))
            }
        };
        match stepped {
            Ok(Step::More) => None,
            Ok(Step::Done) => Some(Outcome::Settled(Ok(Answer::Yes))),
            Err(error @ Error::Protocol { .. }) => Some(self.out_of_step(error)),
            Err(error) if error.is_transient() => Some(Outcome::Refused(error)),
            Err(error) => Some(Outcome::Settled(Err(error))),
        }
    }

    fn nonsense(self) -> Option<Error> {
        self.nonsense
    }
}
