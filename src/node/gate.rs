//! Calls on their way to the link: those made in one go together, and none before JavaScript knows
//! what to connect with.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::board::Board;
use super::completion_queue::{CompletionQueue, Place, Queue};
use super::promise::Ticket;
use super::waiting::{WaitingCall, WaitingCalls};
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
    submission: RefCell<Submission<Ticket, Place>>,
    waiting: RefCell<Waiting>,
    /// Who wants to know the settings of now.
    asked: RefCell<Option<oneshot::Sender<Arc<Settings>>>>,
}

/// What waits for settings.
#[derive(Default)]
struct Waiting {
    /// Those that are to go with the same settings together, in order; calls wait while there is one.
    groups: VecDeque<Group>,
    /// Who waits for the end of the link behind them.
    closers: Vec<Ticket>,
    /// What they wait for, said when one fails meanwhile.
    reason: Arc<str>,
}

/// Calls that are to go with the same settings.
struct Group {
    /// What JavaScript knows them by, which may be stopped between any two of its steps.
    key: Option<u32>,
    calls: WaitingCalls,
    /// With what they are to go, once that is known.
    settings: Option<Arc<Settings>>,
}

impl Group {
    fn new(key: Option<u32>) -> Group {
        Group {
            key,
            calls: WaitingCalls::default(),
            settings: None,
        }
    }
}

impl Waiting {
    fn group(&mut self, key: u32) -> Option<&mut Group> {
        let mut groups = self.groups.iter_mut();
        groups.find(|group| group.key == Some(key))
    }

    /// Where a call has to wait that is made now, with these settings unless it is held back.
    fn last(&mut self, settings: &RefCell<Arc<Settings>>) -> Option<&mut WaitingCalls> {
        let last = self.groups.back()?.settings.as_ref();
        let settings = settings.borrow();
        if last.is_some_and(|last| !Arc::ptr_eq(last, &settings)) {
            let settings = Some(settings.clone());
            self.groups.push_back(Group {
                settings,
                ..Group::new(None)
            });
        }
        self.groups.back_mut().map(|group| &mut group.calls)
    }
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
            asked: RefCell::default(),
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

    /// Somebody wants to know the settings of now. `look` sees to it that they are, and gives whether
    /// [`Gate::tell`] is called later.
    pub(super) fn ask(&self, answer: oneshot::Sender<Arc<Settings>>, look: impl FnOnce() -> bool) {
        *self.asked.borrow_mut() = Some(answer);
        if !look() {
            self.tell();
        }
    }

    /// Tells the settings to who has asked.
    pub(super) fn tell(&self) {
        if let Some(answer) = self.asked.take() {
            // Who has asked may have given up.
            let _ = answer.send(self.settings.borrow().clone());
        }
    }

    /// Adds a call, whose deadline is to count from the link's epoch; see [`Submission::push`].
    pub(super) fn push<E>(
        &self,
        call: Call<Ticket>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Lengths, E>,
    ) -> Result<(), E> {
        if let Some(calls) = self.waiting.borrow_mut().last(&self.settings) {
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

    /// Holds the calls from now on back, apart from those that wait already, until `key` is released or
    /// failed.
    pub(super) fn hold(&self, key: u32, reason: &str) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.reason = reason.into();
        waiting.groups.push_back(Group::new(Some(key)));
    }

    /// Lets the calls go that are held back by a key, with the settings of now: once those before them
    /// have gone. JavaScript may have been stopped before it held any back.
    pub(super) fn release(&self, key: u32) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(group) = waiting.group(key) {
            group.settings = Some(self.settings.borrow().clone());
        }
        self.send_released(waiting);
    }

    /// Fails the calls that are held back by a key.
    pub(super) fn fail(&self, key: u32, error: &Error) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(group) = waiting.group(key) {
            // What is called from now on is not of it, but may have to wait for what is before it.
            group.settings = Some(self.settings.borrow().clone());
            let calls = std::mem::take(&mut group.calls);
            self.settle(calls.into_calls(), error);
        }
        self.send_released(waiting);
    }

    fn send_released(&self, mut waiting: RefMut<'_, Waiting>) {
        while let Some(group) = waiting.groups.front()
            && group.settings.is_some()
            && let Some(group) = waiting.groups.pop_front()
        {
            self.send(group);
        }
        self.end();
        self.end_waiting(waiting);
    }

    fn send(&self, group: Group) {
        let Some(settings) = group.settings else {
            return;
        };
        for call in group.calls.into_calls() {
            let (call, text, lengths) = call.into_parts(self.queue.epoch);
            let write = |out: &mut Vec<u8>| -> Result<Lengths, Infallible> {
                out.extend_from_slice(&text);
                Ok(lengths)
            };
            let Ok(_) = self.submission.borrow_mut().push(&settings, call, write);
        }
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
            .flat_map(|group| group.calls.expired(epoch));
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

    /// Drops all that is queued: the environment is gone.
    pub(super) fn abandon(&self) {
        self.queue.abandon();
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
            let (result, attempts) = (Err(Box::new(failure)), 0);
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
