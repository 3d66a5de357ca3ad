//! What the JavaScript thread and the I/O thread share: the queue of calls to one server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;

use super::batch::{Batch, Call, Done, Lengths};
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
    /// own when it takes the call: at once, and with one look at the clock for many.
    pub epoch: Instant,
}

struct Queue<T> {
    batches: VecDeque<Batch<T>>,
    /// Whether a runner is there.
    is_running: bool,
    sleep: Sleep,
    /// Whether it ends when all is done, and fails what no connection can be had for.
    is_closing: bool,
    /// Whether it ends when all is done.
    is_orphan: bool,
    /// Whether it drops everything and ends.
    is_abandoned: bool,
    /// Who waits for the end.
    closers: Vec<T>,
}

/// Whether the runner waits for the bell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sleep {
    /// It looks at the queue by itself.
    Awake,
    /// It waits.
    Asleep,
    /// It waits, and who queued a call is to ring.
    Called,
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
                sleep: Sleep::Awake,
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

    /// Queues a call, whose deadline is to count from [`Link::epoch`]; see [`Batch::push`] for `write`.
    ///
    /// Gives whether the caller is to [`Link::ring`] once it has queued what it has for now: calls
    /// made in one go travel in one go. A full batch goes at once.
    pub fn push<E>(
        self: &Arc<Self>,
        settings: &Arc<Settings>,
        call: Call<T>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Lengths, E>,
    ) -> Result<bool, (Call<T>, E)> {
        let mut queue = self.queue();
        let mut new = None;
        let batch = match queue.batches.back_mut() {
            Some(last) if last.accepts(settings) => last,
            _ => new.insert(Batch::new(settings.clone())),
        };
        // Of a call that is not written nothing stays, no empty batch either.
        batch.push(call, write)?;
        let is_full = batch.is_full();
        queue.batches.extend(new);
        let was_running = std::mem::replace(&mut queue.is_running, true);
        let is_first = queue.sleep == Sleep::Asleep && !is_full;
        if is_first {
            queue.sleep = Sleep::Called;
        }
        drop(queue);
        if !was_running {
            self.start(settings);
        } else if is_full {
            self.ring();
        }
        Ok(is_first)
    }

    /// Has what is queued sent.
    pub fn ring(&self) {
        let sleep = std::mem::replace(&mut self.queue().sleep, Sleep::Awake);
        if sleep != Sleep::Awake {
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

    /// Takes all queued batches. Calls ring the bell from now on if the runner is about to sleep;
    /// else it looks again by itself.
    pub(super) fn take(&self, sleeps: bool, mut into: impl FnMut(Batch<T>)) -> Found {
        let mut queue = self.queue();
        if queue.is_abandoned {
            queue.batches.clear();
            return Found::Abandoned;
        }
        queue.sleep = if sleeps { Sleep::Asleep } else { Sleep::Awake };
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
        queue.sleep = Sleep::Awake;
        Some(std::mem::take(&mut queue.closers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::batch::MAX_CALLS;
    use crate::engine::testing::{results, settings, write_ids};
    use crate::store::Op;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn has_rung(link: &Link<u32>) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        pin!(link.bell.notified()).poll(&mut context).is_ready()
    }

    #[test]
    fn the_first_call_of_a_burst_is_to_ring_and_a_full_batch_rings() {
        let link = Link::new(results().0);
        let settings = settings(1);
        // This test is the runner.
        link.queue().is_running = true;
        let push = || {
            let call = Call {
                op: Op::SaveIds,
                deadline: link.epoch,
                ticket: 1,
            };
            link.push(&settings, call, write_ids)
                .is_ok_and(|rings| rings)
        };
        let take = |sleeps| {
            let mut taken = 0;
            link.take(sleeps, |batch| taken += batch.entries.len());
            taken
        };

        assert!(!push() && !push(), "it looks by itself while awake");
        assert_eq!(take(true), 2);
        assert!(push(), "the first");
        assert!(!push() && !has_rung(&link), "the others need not");
        link.ring();
        assert!(has_rung(&link));
        link.ring();
        assert!(!has_rung(&link), "it is awake");
        assert_eq!(take(true), 2);

        let asked = (0..MAX_CALLS + 2).filter(|_| push()).count();
        assert_eq!(asked, 1);
        assert!(has_rung(&link), "a batch is full");
        assert_eq!(take(false), MAX_CALLS + 2);
    }
}
