//! The thread that writes: it carries calls out in their order, and all that come while it waits for the
//! disk share the next sync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::disk::Disk;
use super::job::{Job, Reply, Work};
use super::opened::Opened;
use super::store::Shown;
use super::trouble::Trouble;
use crate::error::Error;

/// How much text one sync is for, in bytes, at most.
const MOST_TEXT: usize = 4 * 1024 * 1024;

/// How long nothing is asked for before rows that are of no use are removed, some at a time.
const IDLE: Duration = Duration::from_millis(20);

/// How long they stay, some of them at a time, when something is always asked for.
const BUSY: Duration = Duration::from_millis(200);

/// How long a checkpoint that failed is not tried again, and calls go on with the log alone: each try costs
/// as much as a checkpoint, and the file is to be opened anew after it.
const PAUSE: Duration = Duration::from_secs(1);

/// What works off the jobs of one store.
pub(super) struct Writer {
    name: Arc<str>,
    disk: Box<dyn Disk>,
    /// In bytes.
    cache: usize,
    shown: Shown,
    /// `None` before the first job, and after trouble: the next job opens it anew.
    opened: Option<Opened>,
    /// When what is of no use was removed.
    collected: Instant,
    /// When a checkpoint failed last.
    failed: Option<Instant>,
}

impl Writer {
    /// Of a store that is not open yet.
    pub(super) fn new(name: Arc<str>, disk: Box<dyn Disk>, cache: usize, shown: Shown) -> Writer {
        Writer {
            name,
            disk,
            cache,
            shown,
            opened: None,
            collected: Instant::now(),
            failed: None,
        }
    }

    /// Works until the store is closed, and `is_unused` then.
    pub(super) fn run(mut self, jobs: &Receiver<Job>, is_unused: impl Fn() -> bool) {
        while let Some(first) = self.next(jobs) {
            let mut group = vec![first];
            let mut bytes = 0;
            while bytes < MOST_TEXT
                && let Some(Job {
                    work: Work::Calls(calls),
                    ..
                }) = group.last()
            {
                bytes += calls.bytes();
                match jobs.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => break,
                }
            }
            let other = group.pop_if(|job| !matches!(job.work, Work::Calls(_)));
            if !group.is_empty() {
                self.serve(group);
            }
            match other {
                Some(job) if matches!(job.work, Work::Close) => {
                    self.close();
                    let is_over = is_unused();
                    let _ = job.reply.send(Ok(Vec::new()));
                    if is_over {
                        return;
                    }
                }
                Some(job) => self.serve(vec![job]),
                None => {}
            }
        }
    }

    /// The next job; removes what is of no use while there is none, or now and then.
    fn next(&mut self, jobs: &Receiver<Job>) -> Option<Job> {
        while self.opened.as_ref().is_some_and(Opened::has_garbage) {
            if self.collected.elapsed() < BUSY {
                match jobs.recv_timeout(IDLE) {
                    Ok(job) => return Some(job),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
            self.tidy(|opened, _, shown| opened.collect(shown));
            self.collected = Instant::now();
        }
        jobs.recv().ok()
    }

    /// Carries out calls, and opens the file for them.
    fn serve(&mut self, group: Vec<Job>) {
        let is_durable = group.iter().any(|job| job.is_durable);
        let (works, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|job| (job.work, job.reply)).unzip();
        let served = catch_unwind(AssertUnwindSafe(|| self.carry_out(&works, is_durable)));
        let results: Vec<Reply> = match served {
            Ok(Ok(results)) => results.into_iter().map(Ok).collect(),
            Ok(Err(trouble)) => {
                // When it is put back, all of it is there.
                if !matches!(trouble, Trouble::Moved) {
                    self.let_go();
                }
                vec![Err(trouble.of(&self.name)); replies.len()]
            }
            Err(_) => {
                self.let_go();
                let reason = format!("the writer of {} failed", self.name);
                vec![Err(Error::Internal(reason.into())); replies.len()]
            }
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // Who asked may be gone.
            let _ = reply.send(result);
        }
        if self.opened.is_some() && self.failed.is_none_or(|failed| failed.elapsed() > PAUSE) {
            self.tidy(|opened, _, shown| opened.checkpoint_if_due(shown));
            self.failed = self.opened.is_none().then(Instant::now);
        }
    }

    fn carry_out(&mut self, works: &[Work], is_durable: bool) -> Result<Vec<Results>, Trouble> {
        let opened = match &mut self.opened {
            Some(opened) => opened,
            // Where it is gone, it is not to be made anew as if nothing had been in it.
            None if !self.disk.is_in_place() => return Err(Trouble::Moved),
            None => {
                let opened = Opened::open(&*self.disk, self.cache, &self.shown)?;
                self.disk.remember();
                self.opened.insert(opened)
            }
        };
        let mut calls = works.iter().filter_map(|work| match work {
            Work::Calls(calls) => Some(calls),
            Work::Open | Work::Close => None,
        });
        if calls.any(|calls| calls.iter().any(|(operation, _)| !operation.is_lookup()))
            && !self.disk.is_in_place()
        {
            return Err(Trouble::Moved);
        }
        let results = works.iter().map(|work| match work {
            Work::Calls(calls) => opened.run(calls, &*self.disk, is_durable, &self.shown),
            Work::Open | Work::Close => Ok(Vec::new()),
        });
        let results = results.collect::<Result<_, _>>()?;
        opened.commit(&*self.disk, is_durable)?;
        Ok(results)
    }

    /// Does what is no call's: nobody hears when it fails, but the next call finds the file let go.
    fn tidy(&mut self, work: impl FnOnce(&mut Opened, &dyn Disk, &Shown) -> Result<(), Trouble>) {
        let Writer {
            opened,
            disk,
            shown,
            ..
        } = self;
        let Some(opened) = opened else {
            return;
        };
        let done = catch_unwind(AssertUnwindSafe(|| work(opened, &**disk, shown)));
        if !matches!(done, Ok(Ok(()))) {
            self.let_go();
        }
    }

    /// Lets go of what is open: what it has in memory may not be what is on the disk. The log has all that
    /// was answered.
    fn let_go(&mut self) {
        *self.shown.write() = None;
        self.opened = None;
    }

    fn close(&mut self) {
        // What was deleted is not to be made anew.
        if self.disk.is_in_place() {
            self.tidy(Opened::finish);
        }
        self.let_go();
        self.disk.forget();
    }
}

/// What became of the calls of one job.
type Results = Vec<Result<super::job::Done, Error>>;

#[cfg(test)]
mod tests;
