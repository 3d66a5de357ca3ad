//! A backend that is one of two, as it turns out for each queue of calls.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::{Answers, Backend, ConnectError, Deletion, End, History, Outcome, Remark, Session};
use crate::call::{Args, Operation};
use crate::error::Error;
use crate::settings::Settings;

/// One of two.
pub enum Either<A, B> {
    /// The one.
    One(A),
    /// The other.
    Other(B),
}

use Either::{One, Other};

impl<A: Backend, B: Backend> Backend for Either<Arc<A>, Arc<B>> {
    type Session = Either<A::Session, B::Session>;

    async fn connect(
        self: Arc<Self>,
        settings: Arc<Settings>,
    ) -> Result<Self::Session, ConnectError> {
        match &*self {
            One(backend) => backend.clone().connect(settings).await.map(One),
            Other(backend) => backend.clone().connect(settings).await.map(Other),
        }
    }

    fn take_remarks(&self) -> Vec<Remark> {
        match self {
            One(backend) => backend.take_remarks(),
            Other(backend) => backend.take_remarks(),
        }
    }

    async fn close(&self) {
        match self {
            One(backend) => backend.close().await,
            Other(backend) => backend.close().await,
        }
    }
}

impl<A: Session, B: Session> Session for Either<A, B> {
    type Deletion = Chosen<A::Deletion, B::Deletion>;
    type Answers = Either<A::Answers, B::Answers>;

    const HARMLESS: usize = if A::HARMLESS < B::HARMLESS {
        A::HARMLESS
    } else {
        B::HARMLESS
    };

    fn has_room(&self) -> bool {
        match self {
            One(session) => session.has_room(),
            Other(session) => session.has_room(),
        }
    }

    fn send<'a>(
        &mut self,
        calls: impl ExactSizeIterator<Item = (Operation, Args<'a>)> + Clone,
        bytes: usize,
    ) {
        match self {
            One(session) => session.send(calls, bytes),
            Other(session) => session.send(calls, bytes),
        }
    }

    fn step(&mut self, deletion: &mut Self::Deletion) -> Result<(), Error> {
        match self {
            One(session) => session.step(&mut deletion.one),
            Other(session) => session.step(&mut deletion.other),
        }
    }

    fn is_new_to(&self, deletion: &Self::Deletion) -> bool {
        match self {
            One(session) => session.is_new_to(&deletion.one),
            Other(session) => session.is_new_to(&deletion.other),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Self::Answers, End>> {
        Poll::Ready(match self {
            One(session) => ready!(session.poll(context)).map(One),
            Other(session) => ready!(session.poll(context)).map(Other),
        })
    }

    fn stay(&mut self) {
        match self {
            One(session) => session.stay(),
            Other(session) => session.stay(),
        }
    }

    fn unsent(&self) -> usize {
        match self {
            One(session) => session.unsent(),
            Other(session) => session.unsent(),
        }
    }

    fn end(self) -> VecDeque<Self::Answers> {
        match self {
            One(session) => session.end().into_iter().map(One).collect(),
            Other(session) => session.end().into_iter().map(Other).collect(),
        }
    }
}

/// A deletion before it is known which backend has it: only that one's is ever begun.
pub struct Chosen<A, B> {
    one: A,
    other: B,
}

impl<A: Deletion, B: Deletion> Deletion for Chosen<A, B> {
    fn new(stem: &[u8]) -> Self {
        Chosen {
            one: A::new(stem),
            other: B::new(stem),
        }
    }
}

impl<A: Answers, B: Answers> Answers for Either<A, B> {
    type Deletion = Chosen<A::Deletion, B::Deletion>;

    fn next(&mut self, operation: Operation, history: &mut History) -> Outcome {
        match self {
            One(answers) => answers.next(operation, history),
            Other(answers) => answers.next(operation, history),
        }
    }

    fn step(&mut self, deletion: &mut Self::Deletion) -> Option<Outcome> {
        match self {
            One(answers) => answers.step(&mut deletion.one),
            Other(answers) => answers.step(&mut deletion.other),
        }
    }

    fn hung_up(self, deletion: &mut Self::Deletion) {
        match self {
            One(answers) => answers.hung_up(&mut deletion.one),
            Other(answers) => answers.hung_up(&mut deletion.other),
        }
    }

    fn nonsense(self) -> Option<Error> {
        match self {
            One(answers) => answers.nonsense(),
            Other(answers) => answers.nonsense(),
        }
    }
}
