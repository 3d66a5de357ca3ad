//! What the JavaScript thread and the I/O thread share: the queue of calls to one backend.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::batch::Batch;
use super::completion::Completion;
use crate::backend::{Backend, Remark};
use crate::error::Error;

/// Who completions go to. Called on the I/O thread.
pub trait Receiver<T>: Send + Sync + 'static {
    /// Takes all of `completions` out.
    fn settle(&self, completions: &mut Vec<Completion<T>>);
    /// Hears that there is no thread to run on now: [`Submission::resume`](super::Submission::resume) is
    /// to be called soon. Called on the thread of the submission.
    fn stalled(&self);
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
    /// It serves, but something is amiss there.
    Warned(Remark),
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
    worker: Worker,
    stage: Stage,
    /// Who waits for the end.
    closers: Vec<T>,
}

/// The driver of a queue.
///
/// ```text
///           first batch           nothing to do
///   Absent ────────────▶ Awake ──────────────────▶ Asleep
///     ▲                   │  ▲                        │
///     └───── retired ─────┘  └── batch, or looks again ┘
/// ```
enum Worker {
    Absent,
    Awake,
    /// It waits for the wakeup.
    Asleep,
}

/// What its owners want of a queue: it goes on to what ends it sooner, never back, but that a closed one
/// is open again for who makes a call after all.
///
/// ```text
///   Open ──▶ Orphan ──▶ Closing ──▶ Abandoned
///    ▲                     │
///    └── driver retired ───┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Calls come and go.
    Open,
    /// The driver ends when all is done: nobody can make another call.
    Orphan,
    /// The driver ends when all is done, and fails what no connection can be had for.
    Closing,
    /// The driver drops everything and ends: nobody wants results any more.
    Abandoned,
}

impl<T: Send + 'static, B: Backend> Queue<T, B> {
    /// A queue without a connection: that opens with the first call.
    pub fn new(backend: B, receiver: Arc<dyn Receiver<T>>) -> Arc<Queue<T, B>> {
        Arc::new(Queue {
            state: Mutex::new(State {
                batches: VecDeque::new(),
                worker: Worker::Absent,
                stage: Stage::Open,
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
        let worker = std::mem::replace(&mut state.worker, Worker::Awake);
        drop(state);
        if matches!(worker, Worker::Asleep) {
            self.wakeup.notify_one();
        }
        matches!(worker, Worker::Absent)
    }

    /// Ends the connection once all calls are done; `ticket` is settled then. Gives the ticket
    /// back when there is nothing to wait for.
    pub fn close(&self, ticket: T) -> Option<T> {
        let mut state = self.state();
        if matches!(state.worker, Worker::Absent) {
            return Some(ticket);
        }
        state.closers.push(ticket);
        self.enter(state, Stage::Closing);
        None
    }

    /// Ends the connection once all calls are done: nobody can make another.
    pub fn orphan(&self) {
        self.enter(self.state(), Stage::Orphan);
    }

    /// Drops the connection and all calls, unsettled: the JavaScript thread is gone.
    pub fn abandon(&self) {
        self.enter(self.state(), Stage::Abandoned);
    }

    fn enter(&self, mut state: MutexGuard<'_, State<T>>, stage: Stage) {
        state.stage = state.stage.max(stage);
        drop(state);
        self.wakeup.notify_one();
    }

    /// Takes all queued batches. The next one wakes the driver if that is about to sleep; else it
    /// looks again by itself.
    pub(super) fn take(&self, sleeps: bool, mut into: impl FnMut(Batch<T>)) -> Stage {
        let mut state = self.state();
        let stage = state.stage;
        if stage == Stage::Abandoned {
            state.batches.clear();
            return stage;
        }
        state.worker = if sleeps {
            Worker::Asleep
        } else {
            Worker::Awake
        };
        let batches = std::mem::take(&mut state.batches);
        drop(state);
        let since_epoch = self.epoch.elapsed();
        for mut batch in batches {
            for entry in &mut batch.entries {
                entry.deadline += since_epoch;
            }
            into(batch);
        }
        stage
    }

    /// Ends the driver if the queue is empty, and gives those who wait for that.
    pub(super) fn retire(&self) -> Option<Vec<T>> {
        let mut state = self.state();
        if !state.batches.is_empty() {
            return None;
        }
        state.worker = Worker::Absent;
        if state.stage == Stage::Closing {
            state.stage = Stage::Open;
        }
        Some(std::mem::take(&mut state.closers))
    }
}
