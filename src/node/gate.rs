//! Calls on their way to the link: those made in one go together, and none before JavaScript knows
//! what to connect with.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use super::board::Board;
use super::completion_queue::{CompletionQueue, Queue};
use super::promise::Ticket;
use super::waiting::{WaitingCall, WaitingCalls};
use crate::backend::redis::Redis;
use crate::call::Answer;
use crate::engine::{Call, Completion, Lengths, Receiver, Submission};
use crate::error::Error;
use crate::settings::Settings;

/// The calls of one link that it does not have yet.
pub(super) struct Gate {
    queue: Arc<Queue>,
    completions: Arc<CompletionQueue>,
    board: Rc<Board>,
    settings: RefCell<Arc<Settings>>,
    submission: RefCell<Submission<Ticket, Redis>>,
    waiting: RefCell<Waiting>,
}

/// What waits for settings.
#[derive(Default)]
struct Waiting {
    /// Those that are to go with the same settings together; calls wait while there is one.
    groups: VecDeque<WaitingCalls>,
    /// Who waits for the end of the link behind them.
    closers: Vec<Ticket>,
    /// What they wait for, said when one fails meanwhile.
    reason: Arc<str>,
}

impl Gate {
    pub(super) fn new(
        queue: Arc<Queue>,
        completions: Arc<CompletionQueue>,
        board: Rc<Board>,
        settings: Settings,
    ) -> Gate {
        Gate {
            submission: RefCell::new(Submission::new(queue.clone())),
            queue,
            completions,
            board,
            settings: RefCell::new(Arc::new(settings)),
            waiting: RefCell::default(),
        }
    }

    /// The server of the calls from now on, as messages name it.
    pub(super) fn server(&self) -> Arc<str> {
        self.settings.borrow().server.clone()
    }

    /// The settings of the calls from now on.
    pub(super) fn update(&self, settings: Settings) {
        *self.settings.borrow_mut() = Arc::new(settings);
    }

    /// Adds a call, whose deadline is to count from the link's epoch; see [`Submission::push`].
    pub(super) fn push<E>(
        &self,
        call: Call<Ticket>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Lengths, E>,
    ) -> Result<(), E> {
        if let Some(calls) = self.waiting.borrow_mut().groups.back_mut() {
            return calls.push(call, write);
        }
        let mut submission = self.submission.borrow_mut();
        submission.push(&self.settings.borrow(), call, write)?;
        self.board.set_open(true);
        Ok(())
    }

    /// Sends what was added since the last time.
    pub(super) fn end(&self) {
        self.submission.borrow_mut().end(self.completions.pending());
        self.board.set_open(false);
    }

    /// Sends what JavaScript should have ended, but was stopped.
    pub(super) fn end_overdue(&self) {
        if self.board.is_open() {
            self.end();
        }
    }

    /// See [`Submission::resume`].
    pub(super) fn resume(&self) {
        self.submission.borrow_mut().resume();
    }

    /// Holds the calls from now on back, apart from those that wait already.
    pub(super) fn hold(&self, reason: &str) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.reason = reason.into();
        waiting.groups.push_back(WaitingCalls::default());
    }

    /// Lets the calls go, with the settings of now, that wait since the first [`Gate::hold`].
    pub(super) fn release(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let calls = waiting.groups.pop_front().unwrap_or_default();
        for call in calls.into_calls() {
            let (call, text, lengths) = call.into_parts(self.queue.epoch);
            let write = |out: &mut Vec<u8>| -> Result<Lengths, Infallible> {
                out.extend_from_slice(&text);
                Ok(lengths)
            };
            let Ok(_) = self
                .submission
                .borrow_mut()
                .push(&self.settings.borrow(), call, write);
        }
        self.end();
        self.end_waiting(waiting);
    }

    /// Fails the calls that wait since the first [`Gate::hold`].
    pub(super) fn fail(&self, error: &Error) {
        let mut waiting = self.waiting.borrow_mut();
        let calls = waiting.groups.pop_front().unwrap_or_default();
        self.settle(calls.into_calls(), error);
        self.end_waiting(waiting);
    }

    /// Fails the calls that have waited until their deadline.
    pub(super) fn expire(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let error = Error::Late(Box::new(Error::Unreachable {
            server: self.server(),
            reason: waiting.reason.clone(),
        }));
        let epoch = self.queue.epoch;
        let expired = waiting
            .groups
            .iter_mut()
            .flat_map(|calls| calls.expired(epoch));
        self.settle(expired, &error);
    }

    /// Ends the link once all calls are done; gives whether `ticket` is settled then, or nothing is to
    /// be waited for.
    pub(super) fn close(&self, ticket: Ticket) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.groups.is_empty() {
            waiting.closers.push(ticket);
            return true;
        }
        self.end();
        self.queue.close(ticket).is_none()
    }

    fn end_waiting(&self, mut waiting: RefMut<'_, Waiting>) {
        if !waiting.groups.is_empty() {
            return;
        }
        for ticket in std::mem::take(&mut waiting.closers) {
            if let Some(ticket) = self.queue.close(ticket) {
                self.completions.settle(&mut vec![Completion {
                    ticket,
                    result: Ok(Answer::Yes),
                    attempts: 0,
                }]);
            }
        }
    }

    fn settle(&self, calls: impl Iterator<Item = WaitingCall>, error: &Error) {
        let failed = |waiting: WaitingCall| {
            let (ticket, failure) = waiting.into_failure(error.clone());
            let (result, attempts) = (Err(failure), 0);
            Completion {
                ticket,
                result,
                attempts,
            }
        };
        let mut done: Vec<_> = calls.map(failed).collect();
        if !done.is_empty() {
            self.completions.settle(&mut done);
        }
    }
}
