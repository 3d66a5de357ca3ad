//! The loop that works off a queue on the I/O thread: calls are taken from it, sent in order, answered,
//! sent again when the session was lost, failed when their time is over.

mod exchange;
mod poison;
mod start;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::barrier::Item;
use super::batch::Rules;
use super::completion::Completion;
use super::deadline::Deadlines;
use super::pending::Pending;
use super::queue::{ConnectionEvent, Queue, Stage};
use super::reconnect::{Event, Reconnect};
use super::replay::mark_overwritten;
use super::{AnswersOf, DeletionOf};
use crate::backend::{Answers, Backend, ConnectError, End};
use crate::call::Answer;
use crate::error::Error;

/// How long to stay awake after the last answer or send: about as long as a server near by and the
/// caller take to go on.
const SPIN: Duration = Duration::from_micros(100);

/// How long answers may take for a server to be near by.
const NEAR: Duration = Duration::from_micros(200);

/// How many calls under way are few: each wait of this thread costs them more than the way to the
/// server and back. With more of them the time of a core is of more use to the server.
const LIGHT: usize = 16;

/// Works off one queue.
pub(super) struct Driver<T: Send + 'static, B: Backend> {
    queue: Arc<Queue<T, B>>,
    pending: Pending<T, DeletionOf<B>>,
    reconnect: Reconnect<B>,
    /// Why there is no session, when an attempt has failed.
    trouble: Option<Error>,
    /// Why a call was refused for now, and how many times that one was: nothing more is sent, and the
    /// session is given up once what is in flight has told which calls were carried out.
    refusal: Option<(Error, u8)>,
    /// When what was in flight was last answered, or the first of it was sent.
    moved_at: Instant,
    /// Whether few calls were under way when some were answered last, and the server was near by.
    was_light: bool,
    /// For how long the next session has to stand before it is used, see `poison`.
    proof: Duration,
    deadlines: Deadlines,
    has_ended: bool,
}

enum Turn<A> {
    Session(Event<A>),
    Wakeup,
    Deadline,
    Spin,
}

impl<T: Send + 'static, B: Backend> Driver<T, B> {
    /// A driver for a queue that has none.
    pub(super) fn new(queue: Arc<Queue<T, B>>) -> Driver<T, B> {
        Driver {
            pending: Pending::new(),
            reconnect: Reconnect::new(queue.backend.clone()),
            queue,
            trouble: None,
            refusal: None,
            moved_at: Instant::now(),
            was_light: false,
            proof: Duration::ZERO,
            deadlines: Deadlines::default(),
            has_ended: false,
        }
    }

    /// Runs until the queue is closed and all its calls are settled.
    pub(super) async fn run(mut self) {
        loop {
            let spins = self.spins();
            let stage = self.take(!spins);
            if stage == Stage::Abandoned {
                self.has_ended = true;
                return;
            }
            self.check_deadlines();
            self.send();
            self.deliver();
            if self.pending.is_empty() {
                self.deadlines.stop();
                if stage >= Stage::Orphan {
                    // Whoever closed it may look on the server whether it is gone.
                    self.reconnect.end();
                    self.queue.backend.close().await;
                    if self.retire() {
                        return;
                    }
                }
            }
            match self.turn(spins).await {
                Turn::Session(Event::Answered(answers)) => self.complete(answers, stage),
                Turn::Session(Event::Ended(End { error, is_hang_up })) => {
                    if is_hang_up {
                        self.suspect();
                    }
                    self.lose(error, is_hang_up);
                }
                Turn::Session(Event::Opened(result)) => self.opened(result, stage),
                Turn::Wakeup | Turn::Deadline | Turn::Spin => {}
            }
        }
    }

    /// Whether to stay awake for what comes next.
    fn spins(&self) -> bool {
        self.was_light
            && (self.pending.is_empty() || self.is_light())
            && self.reconnect.is_connected()
            && self.moved_at.elapsed() < SPIN
    }

    /// Whether few calls are under way.
    fn is_light(&self) -> bool {
        let sizes = self.pending.in_flight.iter().map(|item| match item {
            Item::Calls(batch) => batch.entries.len(),
            Item::Deletion(_) => LIGHT + 1,
        });
        sizes.sum::<usize>() <= LIGHT
    }

    fn tell(&self, event: ConnectionEvent) {
        self.queue.receiver.connection(event);
    }

    fn deliver(&mut self) {
        if !self.pending.completions.is_empty() {
            self.queue.receiver.settle(&mut self.pending.completions);
        }
    }

    fn take(&mut self, sleeps: bool) -> Stage {
        let Driver {
            queue,
            pending,
            deadlines,
            ..
        } = self;
        queue.take(sleeps, |batch| {
            let first = batch.entries.iter().map(|entry| entry.deadline).min();
            if let Some(first) = first {
                deadlines.watch(first);
            }
            pending.add(batch);
        })
    }

    async fn turn(&mut self, spins: bool) -> Turn<AnswersOf<B>> {
        tokio::select! {
            biased;
            event = self.reconnect.event() => Turn::Session(event),
            () = self.queue.wakeup.notified() => Turn::Wakeup,
            () = self.deadlines.next() => Turn::Deadline,
            () = tokio::task::yield_now(), if spins => Turn::Spin,
        }
    }

    /// Gives the session up. What is known of what it carried counts, the rest goes first on the next
    /// one.
    fn lose(&mut self, error: Error, is_hang_up: bool) {
        if let Some(settings) = self.reconnect.settings() {
            self.tell(ConnectionEvent::Lost(
                settings.server.clone(),
                error.clone(),
            ));
        }
        let mut known = self.reconnect.end();
        let in_flight = self.pending.in_flight.iter_mut();
        mark_overwritten(in_flight.flat_map(|item| item.batch_mut().parts()));
        let mut is_first = true;
        while let Some(mut item) = self.pending.complete() {
            let answers = known.pop_front();
            let is_suspected = is_hang_up && std::mem::take(&mut is_first);
            let may_wait = item.batch().settings.offline_queue;
            let Pending {
                replay,
                completions,
                ..
            } = &mut self.pending;
            match (&mut item, answers) {
                (Item::Calls(batch), Some(mut answers)) => {
                    let rules = Rules {
                        waits: may_wait,
                        lost: (!may_wait).then_some(&error),
                    };
                    // Whatever is refused waits for the next session as what is lost does.
                    let next = |operation, history: &mut _| answers.next(operation, history);
                    batch.settle(next, rules, replay, completions);
                }
                (Item::Deletion(deletion), Some(answers)) if is_suspected && may_wait => {
                    answers.hung_up(&mut deletion.deletion);
                }
                (Item::Deletion(deletion), _) if !may_wait => {
                    deletion.call.finish(Err(error.clone()), completions);
                }
                _ => {}
            }
            self.pending.refuse(item);
        }
        self.refusal = None;
        self.pending.take_back();
        self.trouble = Some(error);
    }

    fn opened(&mut self, result: Result<(), ConnectError>, stage: Stage) {
        let Some(settings) = self.reconnect.settings().cloned() else {
            return;
        };
        let server = settings.server.clone();
        match result {
            Ok(()) => {
                self.tell(ConnectionEvent::Ready(server));
                for remark in self.queue.backend.take_remarks() {
                    self.tell(ConnectionEvent::Warned(remark));
                }
            }
            Err(ConnectError { error, is_final }) => {
                self.tell(ConnectionEvent::Failed(server, error.clone()));
                if is_final {
                    self.reconnect.reset_backoff();
                }
                if is_final || stage == Stage::Closing || !settings.offline_queue {
                    self.pending.fail(|batch, _| {
                        Arc::ptr_eq(&batch.settings, &settings).then(|| error.clone())
                    });
                }
                self.trouble = Some(error);
            }
        }
    }

    /// Fails the calls whose deadline is over.
    fn check_deadlines(&mut self) {
        let now = Instant::now();
        if !self.deadlines.is_due(now) {
            return;
        }
        // What is not handed to the system by its deadline must not be sent any more.
        let is_stuck = self.pending.is_overdue(self.reconnect.unsent(), now);
        if self.pending.is_overdue(usize::MAX, now) {
            // Nor sent on by the session, which knows no deadlines.
            self.reconnect.stay();
        }
        let trouble = self.trouble_now();
        self.pending.fail(|batch, entry| {
            (entry.deadline <= now).then(|| trouble.of_overdue(&batch.settings))
        });
        if is_stuck && let Some(settings) = self.reconnect.settings() {
            let server = settings.server.clone();
            let reason = "calls could not be sent by their deadline".into();
            self.lose(Error::Unreachable { server, reason }, false);
        }
        if let Some(next) = self.pending.first_deadline() {
            self.deadlines.watch(next);
        }
    }

    fn retire(&mut self) -> bool {
        let Some(closers) = self.queue.retire() else {
            return false;
        };
        self.has_ended = true;
        let closed = closers.into_iter().map(|ticket| Completion {
            ticket,
            result: Ok(Answer::Yes),
            attempts: 0,
        });
        self.pending.completions.extend(closed);
        self.deliver();
        true
    }
}

/// A driver that ends while it has calls has panicked: its calls fail.
impl<T: Send + 'static, B: Backend> Drop for Driver<T, B> {
    fn drop(&mut self) {
        let error = Error::Internal("the I/O thread failed".into());
        while !self.has_ended {
            self.take(false);
            self.pending.fail(|_, _| Some(error.clone()));
            self.deliver();
            self.retire();
        }
    }
}

#[cfg(test)]
mod tests;
