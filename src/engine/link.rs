//! What the JavaScript thread and the I/O thread share: the queue of calls to one server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;

use super::batch::Batch;
use super::call::Done;
use super::runner::Runner;
use super::thread;
use crate::backend::Traffic;
use crate::error::Error;
use crate::options::Settings;

/// Who results go to. Called on the I/O thread.
pub trait Receiver<T>: Send + Sync + 'static {
    /// Takes all of `done` out.
    fn settle(&self, done: &mut Vec<Done<T>>);
    /// Hears what happens to the connection.
    fn note(&self, note: Note);
}

/// What happens to a connection.
#[derive(Clone, Debug)]
pub enum Note {
    /// An attempt begins, after its backoff.
    Connecting(Arc<str>),
    /// Connected and logged in to this server.
    Ready(Arc<str>),
    /// An attempt to reach this server failed.
    Failed(Arc<str>, Error),
    /// The connection to this server was given up.
    Lost(Arc<str>, Error),
}

/// A queue of calls to one server, in call order, and the runner that works it off.
pub struct Link<T> {
    queue: Mutex<Queue<T>>,
    pub(super) bell: Notify,
    pub(super) receiver: Arc<dyn Receiver<T>>,
    /// What went over its connections.
    pub traffic: Arc<Traffic>,
    /// Stands for the time of the call in the deadline of a queued call. The I/O thread puts in its
    /// own when it takes the call: a moment later, and with one look at the clock for many.
    pub epoch: Instant,
}

struct Queue<T> {
    batches: VecDeque<Batch<T>>,
    /// Whether a runner is there.
    is_running: bool,
    /// Whether the runner waits for the bell.
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

/// What a runner finds when it looks at the queue.
pub(super) enum Found {
    /// Calls were taken, or there were none; go on.
    Calls { is_closing: bool, is_orphan: bool },
    /// Nobody wants results any more.
    Abandoned,
}

impl<T: Send + 'static> Link<T> {
    /// A link that has no connection yet: it opens with the first call.
    pub fn new(receiver: Arc<dyn Receiver<T>>) -> Arc<Link<T>> {
        Arc::new(Link {
            queue: Mutex::new(Queue {
                batches: VecDeque::new(),
                is_running: false,
                is_asleep: false,
                is_closing: false,
                is_orphan: false,
                is_abandoned: false,
                closers: Vec::new(),
            }),
            bell: Notify::new(),
            receiver,
            traffic: Traffic::new(),
            epoch: Instant::now(),
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        // Whoever panicked left the queue whole: no step inside the lock can be half done.
        self.queue
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    /// Queues calls, whose deadlines are to count from [`Link::epoch`].
    pub fn push(self: &Arc<Self>, batch: Batch<T>) {
        let settings = batch.settings.clone();
        let mut queue = self.queue();
        queue.batches.push_back(batch);
        let wakes = std::mem::take(&mut queue.is_asleep);
        let starts = !std::mem::replace(&mut queue.is_running, true);
        drop(queue);
        if starts {
            self.start(&settings);
        } else if wakes {
            self.bell.notify_one();
        }
    }

    fn start(self: &Arc<Self>, settings: &Settings) {
        let runner = Runner::new(self.clone());
        // When there can be no thread the runner is dropped, which fails its calls.
        if let Err(error) = thread::spawn(runner.run()) {
            let error = Error::Internal(format!("no I/O thread: {error}").into());
            self.receiver
                .note(Note::Failed(settings.server.clone(), error));
        }
    }

    /// Ends the connection once all calls are done; `ticket` is settled then. Gives the ticket
    /// back when there is nothing to wait for.
    pub fn close(&self, ticket: T) -> Option<T> {
        let mut queue = self.queue();
        if !queue.is_running {
            return Some(ticket);
        }
        queue.is_closing = true;
        queue.closers.push(ticket);
        drop(queue);
        self.bell.notify_one();
        None
    }

    /// Ends the connection once all calls are done: nobody can make another.
    pub fn orphan(&self) {
        self.queue().is_orphan = true;
        self.bell.notify_one();
    }

    /// Drops the connection and all calls, unsettled: the JavaScript thread is gone.
    pub fn abandon(&self) {
        self.queue().is_abandoned = true;
        self.bell.notify_one();
    }

    /// Takes all queued batches. The next one rings the bell if the runner is about to sleep; else it
    /// looks again by itself.
    pub(super) fn take(&self, sleeps: bool, mut into: impl FnMut(Batch<T>)) -> Found {
        let mut queue = self.queue();
        if queue.is_abandoned {
            queue.batches.clear();
            return Found::Abandoned;
        }
        queue.is_asleep = sleeps;
        let batches = std::mem::take(&mut queue.batches);
        let (is_closing, is_orphan) = (queue.is_closing, queue.is_orphan);
        drop(queue);
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

    /// Ends the runner if the queue is empty, and gives those who wait for that.
    pub(super) fn retire(&self) -> Option<Vec<T>> {
        let mut queue = self.queue();
        if !queue.batches.is_empty() {
            return None;
        }
        queue.is_running = false;
        queue.is_closing = false;
        queue.is_asleep = false;
        Some(std::mem::take(&mut queue.closers))
    }
}
