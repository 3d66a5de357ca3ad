//! What became of the calls that went in one job.

use std::vec;

use super::job::{Done, Reply};
use super::session::Deletion;
use crate::backend::{self, History, Outcome};
use crate::call::{Answer, Operation};
use crate::error::Error;

/// The results of a job's calls.
pub struct Answers(Results);

enum Results {
    /// Of each, in order.
    Each(vec::IntoIter<Result<Done, Error>>),
    /// None was carried out, for this reason.
    Failed(Error),
    /// Nothing is known.
    Unknown,
}

impl Answers {
    /// What the writer says of a job; `None` when it said nothing.
    pub(super) fn new(reply: Option<Reply>) -> Answers {
        Answers(match reply {
            Some(Ok(results)) => Results::Each(results.into_iter()),
            Some(Err(error)) => Results::Failed(error),
            None => Results::Unknown,
        })
    }

    fn result(&mut self) -> Option<Result<Done, Error>> {
        match &mut self.0 {
            Results::Each(results) => results.next(),
            Results::Failed(error) => Some(Err(error.clone())),
            Results::Unknown => None,
        }
    }
}

impl backend::Answers for Answers {
    type Deletion = Deletion;

    fn next(&mut self, _: Operation, history: &mut History) -> Outcome {
        let Some(result) = self.result() else {
            history.is_lost = true;
            return Outcome::Lost;
        };
        Outcome::Settled(result.map(|done| match done {
            Done::Saved | Done::DeletedAll => Answer::Yes,
            Done::Found(Some(id)) => Answer::Id(id),
            Done::Found(None) => Answer::Missing,
            Done::Listed(page) => Answer::Page(page),
            Done::Deleted(found) => history.deleted(found),
        }))
    }

    fn step(&mut self, _: &mut Deletion) -> Option<Outcome> {
        Some(match self.result() {
            Some(result) => Outcome::Settled(result.map(|_| Answer::Yes)),
            None => Outcome::Lost,
        })
    }

    fn hung_up(self, _: &mut Deletion) {}

    fn nonsense(self) -> Option<Error> {
        None
    }
}
