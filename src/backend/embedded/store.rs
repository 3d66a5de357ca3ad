//! An open file, or memory, as the sessions and threads of a process share it.

use std::io;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::disk::Disk;
use super::job::{Calls, Done, Job, Reply, Work};
use super::view::View;
use super::writer::Writer;
use crate::error::Error;
use crate::key::Half;

/// The pairs as they are now, while the file is open.
#[derive(Clone, Default)]
pub(super) struct Shown(Arc<RwLock<Option<View>>>);

impl Shown {
    /// To look at them.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Option<View>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// To change them: the writer's. Whoever panicked has them let go, see there.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Option<View>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store, open or to be opened by the next job.
pub(super) struct Store {
    /// How messages name it.
    pub name: Arc<str>,
    shown: Shown,
    jobs: Sender<Job>,
}

impl Store {
    /// Starts the writer of a store. It ends when the store is closed and `is_unused` then.
    pub(super) fn start(
        name: Arc<str>,
        disk: Box<dyn Disk>,
        cache: usize,
        is_unused: impl Fn() -> bool + Send + 'static,
    ) -> io::Result<Store> {
        let shown = Shown::default();
        let (jobs, taken) = mpsc::channel();
        let writer = Writer::new(name.clone(), disk, cache, shown.clone());
        thread::Builder::new()
            .name("key-store-writer".into())
            .spawn(move || writer.run(&taken, is_unused))?;
        Ok(Store { name, shown, jobs })
    }

    /// Hands a job to the writer. One that it cannot take is dropped, and its reply with it.
    pub(super) fn send(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    /// Has something done that is no call.
    pub(super) async fn request(&self, work: Work) -> Reply {
        let (reply, replied) = oneshot::channel();
        self.send(Job {
            work,
            is_durable: true,
            reply,
        });
        replied.await.unwrap_or_else(|_| Err(self.is_gone()))
    }

    /// Has it closed, without waiting for that.
    pub(super) fn close(&self) {
        let (reply, _) = oneshot::channel();
        self.send(Job {
            work: Work::Close,
            is_durable: true,
            reply,
        });
    }

    /// Why nothing is said of a job.
    pub(super) fn is_gone(&self) -> Error {
        Error::Internal(format!("the writer of {} has ended", self.name).into())
    }

    /// What the key of `id` holds; `None` when that cannot be told now.
    pub(super) fn find(&self, stem: &[u8], half: Half, id: &[u8]) -> Option<Option<Bytes>> {
        // What goes wrong goes wrong for the writer too, which has the file opened anew.
        self.shown.read().as_ref()?.get(stem, half, id).ok()
    }

    /// Answers calls that are nothing but lookups; `None` when others are among them, or it cannot be
    /// told now.
    pub(super) fn find_all(&self, calls: &Calls) -> Option<Vec<Result<Done, Error>>> {
        let shown = self.shown.read();
        let view = shown.as_ref()?;
        let found = calls.iter().map(|(operation, args)| {
            let half = operation.half()?;
            let found = view.get(args.stem, half, args.first).ok()?;
            Some(Ok(Done::Found(found)))
        });
        found.collect()
    }
}
