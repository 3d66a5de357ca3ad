//! What the JavaScript thread and the I/O thread share: the queue of calls to one backend.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::batch::Batch;
use super::completion::Completion;
use crate::backend::Backend;
use crate::error::Error;

/// Who completions go to. Called on the I/O thread.
pub trait Receiver<T>: Send + Sync + 'static {
    /// Takes all of `completions` out.
    fn settle(&self, completions: &mut Vec<Completion<T>>);
    /// Hears what happens to the connection.
    fn connection(&self, event: ConnectionEvent);
}

/// What happens to the connection to the server of that name.
#[derive(Clone, Debug)]
pub enum ConnectionEvent {
    /// An attempt begins, after its backoff.
    Connecting(Arc<str>),
    /// Connected and logged in.
    Ready(Arc<str>),
    /// An attempt failed.
    Failed(Arc<str>, Error),
    /// The connection was given up.
    Lost(Arc<str>, Error),
}

/// A queue of calls, in call order, and the driver that works it off.
pub struct Queue<T, B> {
    state: Mutex<State<T>>,
    pub(super) wakeup: Notify,
    pub(super) receiver: Arc<dyn Receiver<T>>,
    /// Where its calls go.
    pub backend: Arc<B>,
    /// Stands for the time of the call in the deadline of a queued call. The I/O thread puts in its
    /// own when it takes the call: a moment later, and with one look at the clock for many.
    pub epoch: Instant,
}

struct State<T> {
    batches: VecDeque<Batch<T>>,
    /// Whether a driver is there.
    is_running: bool,
    /// Whether the driver waits for the wakeup.
    is_asleep: bool,
    /// Whether it ends when all is done, and fails what no connection can be had for.
    is_closing: bool,
    /// Whether it ends when all is done.
    is_orphan: bool,
    /// Whether it drops everything and ends.
    is_abandoned: bool,
    /// Who waits for the end.
    closers: Vec<T>,
}

/// What a driver finds when it looks at the queue.
pub(super) enum Found {
    /// Calls were taken, or there were none; go on.
    Calls { is_closing: bool, is_orphan: bool },
    /// Nobody wants results any more.
    Abandoned,
}

impl<T: Send + 'static, B: Backend> Queue<T, B> {
    /// A queue without a connection: that opens with the first call.
    pub fn new(backend: B, receiver: Arc<dyn Receiver<T>>) -> Arc<Queue<T, B>> {
        Arc::new(Queue {
            state: Mutex::new(State {
                batches: VecDeque::new(),
                is_running: false,
                is_asleep: false,
                is_closing: false,
                is_orphan: false,
                is_abandoned: false,
                closers: Vec::new(),
            }),
            wakeup: Notify::new(),
            receiver,
            backend: Arc::new(backend),
            epoch: Instant::now(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Whoever panicked left the queue whole: no step inside the lock can be half done.
        self.state
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    /// Queues calls, whose deadlines are to count from [`Queue::epoch`]. Tells whether a driver is to be
    /// started: none is there.
    #[must_use]
    pub(super) fn push(&self, batch: Batch<T>) -> bool {
        let mut state = self.state();
        state.batches.push_back(batch);
        let wakes = std::mem::take(&mut state.is_asleep);
        let starts = !std::mem::replace(&mut state.is_running, true);
        drop(state);
        if wakes && !starts {
            self.wakeup.notify_one();
        }
        starts
    }

    /// Ends the connection once all calls are done; `ticket` is settled then. Gives the ticket
    /// back when there is nothing to wait for.
    pub fn close(&self, ticket: T) -> Option<T> {
        let mut state = self.state();
        if !state.is_running {
            return Some(ticket);
        }
        state.is_closing = true;
        state.closers.push(ticket);
        drop(state);
        self.wakeup.notify_one();
        None
    }

    /// Ends the connection once all calls are done: nobody can make another.
    pub fn orphan(&self) {
        self.state().is_orphan = true;
        self.wakeup.notify_one();
    }

    /// Drops the connection and all calls, unsettled: the JavaScript thread is gone.
    pub fn abandon(&self) {
        self.state().is_abandoned = true;
        self.wakeup.notify_one();
    }

    /// Takes all queued batches. The next one wakes the driver if that is about to sleep; else it
    /// looks again by itself.
    pub(super) fn take(&self, sleeps: bool, mut into: impl FnMut(Batch<T>)) -> Found {
        let mut state = self.state();
        if state.is_abandoned {
            state.batches.clear();
            return Found::Abandoned;
        }
        state.is_asleep = sleeps;
        let batches = std::mem::take(&mut state.batches);
        let (is_closing, is_orphan) = (state.is_closing, state.is_orphan);
        drop(state);
        let since_epoch = self.epoch.elapsed();
        for mut batch in batches {
            for entry in &mut batch.entries {
                entry.deadline += since_epoch;
            }
            into(batch);
        }
        Found::Calls {
            is_closing,
            is_orphan,
        }
    }

    /// Ends the driver if the queue is empty, and gives those who wait for that.
    pub(super) fn retire(&self) -> Option<Vec<T>> {
        let mut state = self.state();
        if !state.batches.is_empty() {
            return None;
        }
        state.is_running = false;
        state.is_closing = false;
        state.is_asleep = false;
        Some(std::mem::take(&mut state.closers))
    }
}
