//! What came back for what was sent in one go, and what it means.

use std::mem;
use std::sync::Arc;
use std::vec;

use redis::Value;

use super::deletion::{Deletion, Step};
use super::dialect::{Dialect, Feature, Lacks, is_lacking};
use super::listing::Page;
use super::operations::{Reception, is_of_keys, of_reply, outcome, unexpected};
use super::pipeline::Known;
use super::replies::Reply;
use super::run::Run;
use crate::backend::{self, History, Outcome};
use crate::call::{Answer, Operation};
use crate::error::Error;

/// What came back for the calls of one sending, in order, as far as it came.
pub struct Answers {
    dialect: Arc<Dialect>,
    /// What the server was known to lack when they were sent.
    lacks: Lacks,
    received: Received,
    /// The pages that calls among them asked for.
    pages: vec::IntoIter<Page>,
    nonsense: Option<Error>,
}

/// What came back.
pub(super) enum Received {
    /// Of one server: replies to the first commands.
    Replies(vec::IntoIter<Reply>),
    /// Of the nodes of a cluster: for each command what came of its pieces.
    Pieces(vec::IntoIter<Reception>),
    /// Nothing: it was not sent.
    Unsent,
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
    pub(super) fn replies(replies: Vec<Reply>) -> Received {
        Received::Replies(replies.into_iter())
    }
}

impl Answers {
    /// What was received from a server that was known to lack so much.
    pub(super) fn new(
        dialect: Arc<Dialect>,
        lacks: Lacks,
        received: Received,
        pages: Vec<Page>,
    ) -> Answers {
        Answers {
            dialect,
            lacks,
            received,
            pages: pages.into_iter(),
            nonsense: None,
        }
    }

    fn next_page(&mut self, page: &Page, history: &mut History) -> Outcome {
        let came = match &mut self.received {
            Received::Replies(replies) => replies.next().map(Reception::Reply),
            Received::Pieces(pieces) => pieces.next(),
            Received::Unsent => None,
        };
        let operation = Operation::ListIds;
        let server = &self.dialect.server;
        let answer = match came {
            Some(Reception::Topology(Ok(topology))) => page.found(None, Some(&topology)),
            Some(Reception::Topology(Err(error))) => return failed(error),
            Some(Reception::Reply(reply)) => match reply.into_value() {
                Value::ServerError(error) if page.asks_run() && is_lacking(&error) => {
                    self.dialect.learn(Feature::Info);
                    page.found(None, None)
                }
                Value::ServerError(error) => return failed(Error::from_reply(server, &error)),
                reply if page.asks_run() => page.found(Run::of_info(&reply).as_ref(), None),
                reply => page.keys(reply),
            },
            came => {
                let came = came.unwrap_or(Reception::Lost);
                let outcome = outcome(operation, came, history, server, self.lacks);
                return self.learned(outcome);
            }
        };
        match answer {
            Some(answer) => Outcome::Settled(Ok(answer)),
            None => self.out_of_step(unexpected(operation, server)),
        }
    }

    fn learned(&mut self, outcome: Result<Outcome, Error>) -> Outcome {
        match outcome {
            Ok(Outcome::Refused(error)) => {
                self.learn(&error);
                Outcome::Refused(error)
            }
            Ok(Outcome::Again(Some(error))) => {
                self.dialect.learn(Feature::Together);
                Outcome::Again(Some(error))
            }
            Ok(outcome) => outcome,
            Err(error) => self.out_of_step(error),
        }
    }

    /// What is refused for its several keys goes one by one on the next session.
    #[cold]
    fn learn(&self, error: &Error) {
        if is_of_keys(error) {
            self.dialect.learn(Feature::Pairs);
        }
    }

    /// What a step of a deletion came to.
    fn stepped(&mut self, stepped: Result<Step, Error>) -> Option<Outcome> {
        match stepped {
            Ok(Step::More) => None,
            Ok(Step::Done) => Some(Outcome::Settled(Ok(Answer::Yes))),
            Err(error @ Error::Protocol { .. }) => Some(self.out_of_step(error)),
            Err(error) => {
                self.learn(&error);
                Some(failed(error))
            }
        }
    }

    /// Whatever comes after this is out of step too.
    fn out_of_step(&mut self, error: Error) -> Outcome {
        self.received = Received::replies(vec![]);
        self.nonsense = Some(error);
        Outcome::Lost
    }
}

/// What becomes of what failed of this.
fn failed(error: Error) -> Outcome {
    match error.is_transient() {
        true => Outcome::Refused(error),
        false => Outcome::Settled(Err(error)),
    }
}

impl backend::Answers for Answers {
    type Deletion = Deletion;

    fn next(&mut self, operation: Operation, history: &mut History) -> Outcome {
        if operation == Operation::ListIds
            && let Some(page) = self.pages.next()
        {
            return self.next_page(&page, history);
        }
        let (server, lacks) = (&self.dialect.server, self.lacks);
        let outcome = match &mut self.received {
            Received::Replies(replies) => match replies.next() {
                Some(reply) => of_reply(operation, reply, history, server, lacks),
                None => outcome(operation, Reception::Lost, history, server, lacks),
            },
            Received::Pieces(pieces) => {
                let reception = pieces.next().unwrap_or(Reception::Lost);
                outcome(operation, reception, history, server, lacks)
            }
            // To be sent again as what is lost is, but nothing of it was carried out.
            Received::Unsent => Ok(Outcome::Lost),
        };
        self.learned(outcome)
    }

    fn step(&mut self, deletion: &mut Deletion) -> Option<Outcome> {
        let dialect = &self.dialect;
        let stepped = match mem::replace(&mut self.received, Received::replies(vec![])) {
            Received::Replies(replies) => deletion.advance(replies.collect(), dialect),
            Received::Pieces(pieces) => {
                let mut replies = Vec::with_capacity(pieces.len());
                for reception in pieces {
                    match reception {
                        Reception::Reply(reply) => replies.push(reply),
                        Reception::Topology(topology) => {
                            let compared = topology
                                .and_then(|topology| deletion.compare(topology, &dialect.server));
                            return self.stepped(compared);
                        }
                        Reception::Refused(error) => return Some(Outcome::Refused(error)),
                        Reception::Halves(_) | Reception::Lost => return Some(Outcome::Lost),
                    }
                }
                deletion.advance(replies, dialect)
            }
            Received::Unsent => return Some(Outcome::Lost),
        };
        self.stepped(stepped)
    }

    fn hung_up(self, deletion: &mut Deletion) {
        let answered = match self.received {
            Received::Replies(replies) => replies.len(),
            Received::Pieces(pieces) => {
                // What was asked for before the topology is no suspect.
                if matches!(pieces.as_slice(), [Reception::Topology(_)]) {
                    return;
                }
                let replies = |reception: &_| matches!(reception, Reception::Reply(_));
                pieces.take_while(replies).count()
            }
            Received::Unsent => return,
        };
        deletion.hung_up(answered, &self.dialect);
    }

    fn nonsense(self) -> Option<Error> {
        self.nonsense
    }
}
