//! A session of the embedded store: its calls go to the writer, several jobs at once.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::answers::Answers;
use super::job::{Calls, Job, Reply, Work};
use super::store::Store;
use crate::backend::{self, End};
use crate::call::{Args, Operation};
use crate::error::Error;

/// How many jobs may be under way: all that come while one is written share the next sync.
const MAX_IN_FLIGHT: usize = 256;

/// What carries out the calls of one queue.
pub struct Session {
    number: u64,
    store: Arc<Store>,
    is_durable: bool,
    in_flight: VecDeque<InFlight>,
}

enum InFlight {
    /// The writer has it.
    Sent(oneshot::Receiver<Reply>),
    /// It was nothing but lookups, and nothing was under way before them.
    Found(Reply),
}

impl Session {
    /// On an open store. What it changes `is_durable` before it is answered, or is a little later.
    pub(super) fn new(store: Arc<Store>, is_durable: bool) -> Session {
        static SESSIONS: AtomicU64 = AtomicU64::new(0);
        Session {
            number: SESSIONS.fetch_add(1, Ordering::Relaxed),
            store,
            is_durable,
            in_flight: VecDeque::new(),
        }
    }

    fn push(&mut self, calls: Calls) {
        let (reply, replied) = oneshot::channel();
        self.store.send(Job {
            work: Work::Calls(calls),
            is_durable: self.is_durable,
            reply,
        });
        self.in_flight.push_back(InFlight::Sent(replied));
    }
}

impl backend::Session for Session {
    type Deletion = Deletion;
    type Answers = Answers;

    /// Nobody hangs up here.
    const HARMLESS: usize = usize::MAX;

    fn has_room(&self) -> bool {
        self.in_flight.len() < MAX_IN_FLIGHT
    }

    fn send<'a>(
        &mut self,
        calls: impl ExactSizeIterator<Item = (Operation, Args<'a>)> + Clone,
        bytes: usize,
    ) {
        let mut sent = Calls::with_capacity(calls.len(), bytes);
        for (operation, args) in calls {
            sent.push(operation, args);
        }
        let found = match self.in_flight.is_empty() {
            true => self.store.find_all(&sent),
            false => None,
        };
        match found {
            Some(found) => self.in_flight.push_back(InFlight::Found(Ok(found))),
            None => self.push(sent),
        }
    }

    fn step(&mut self, deletion: &mut Deletion) -> Result<(), Error> {
        deletion.session = Some(self.number);
        let args = Args {
            stem: &deletion.stem,
            first: &[],
            second: &[],
        };
        let mut calls = Calls::default();
        calls.push(Operation::DeleteAllIds, args);
        self.push(calls);
        Ok(())
    }

    fn is_new_to(&self, deletion: &Deletion) -> bool {
        deletion.session != Some(self.number)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Answers, End>> {
        let reply = match self.in_flight.front_mut() {
            None => return Poll::Pending,
            Some(InFlight::Sent(replied)) => ready!(Pin::new(replied).poll(context)).ok(),
            Some(InFlight::Found(found)) => Some(std::mem::replace(found, Ok(Vec::new()))),
        };
        Poll::Ready(match reply {
            Some(reply) => {
                self.in_flight.pop_front();
                Ok(Answers::new(Some(reply)))
            }
            None => Err(End {
                error: self.store.is_gone(),
                is_hang_up: false,
            }),
        })
    }

    fn stay(&mut self) {}

    fn unsent(&self) -> usize {
        0
    }

    fn end(self) -> VecDeque<Answers> {
        let replies = self.in_flight.into_iter().map(|item| match item {
            InFlight::Sent(mut replied) => replied.try_recv().ok(),
            InFlight::Found(found) => Some(found),
        });
        replies.map(Answers::new).collect()
    }
}

/// The deletion of an integration, which is one step here.
pub struct Deletion {
    stem: Vec<u8>,
    /// The session that it was sent on.
    session: Option<u64>,
}

impl backend::Deletion for Deletion {
    fn new(stem: &[u8]) -> Deletion {
        Deletion {
            stem: stem.to_vec(),
            session: None,
        }
    }
}
