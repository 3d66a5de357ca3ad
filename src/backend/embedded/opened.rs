//! What the writer has open: the tables, and the log in front of them.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::Arc;

use super::change::{self, Change};
use super::checkpoint::checkpoint;
use super::disk::Disk;
use super::job::{Calls, Done};
use super::log::{Frame, Log};
use super::memtable::Memtable;
use super::store::Shown;
use super::tables::Tables;
use super::trouble::Trouble;
use super::view::View;
use crate::call::{Args, Listed, Operation};
use crate::error::Error;
use crate::key::Half;

/// How much of the log is in use, in bytes, when a checkpoint is due: a crash leaves as much to be read again.
const LOG_LIMIT: u64 = 2 * 1024 * 1024;

/// How much memory the memtable takes, in bytes, when a checkpoint is due.
const MEMTABLE_LIMIT: usize = 32 * 1024 * 1024;

/// How many ids or integrations a page of a listing has at most.
const PAGE: usize = if cfg!(test) { 8 } else { 1_000 };

/// The salt of no log.
const NO_LOG: u64 = 0;

/// Tables and log.
pub(super) struct Opened {
    tables: Tables,
    /// `None` before the first change, and of memory.
    log: Option<Log>,
    /// What the next sync puts on the disk.
    frame: Frame,
    writer: change::Writer,
    has_garbage: bool,
}

impl Opened {
    /// Opens what is there, and takes in what a crash left in the log.
    pub(super) fn open(disk: &dyn Disk, cache: usize, shown: &Shown) -> Result<Opened, Trouble> {
        let tables = Tables::open(disk, cache)?;
        let mut memtable = Memtable::default();
        let log = match tables.salt()? {
            NO_LOG => None,
            salt => {
                let apply = |changes: &[u8]| change::read(changes, |change| memtable.apply(change));
                let storage = disk.log(false)?;
                storage
                    .map(|storage| Log::read(storage, salt, apply))
                    .transpose()?
            }
        };
        *shown.write() = Some(View {
            memtable: Arc::new(memtable),
            snapshot: tables.snapshot()?,
        });
        Ok(Opened {
            tables,
            log,
            frame: Frame::new(),
            writer: change::Writer::new(),
            has_garbage: true,
        })
    }

    /// Carries calls out. What they change can be looked up then, but is not on the disk before
    /// [`Opened::commit`]. A listing has all moved to the tables before, which have it in order.
    pub(super) fn run(
        &mut self,
        calls: &Calls,
        disk: &dyn Disk,
        is_durable: bool,
        shown: &Shown,
    ) -> Result<Vec<Result<Done, Error>>, Trouble> {
        let mut done = Vec::with_capacity(calls.iter().len());
        let mut held = shown.write();
        for (operation, args) in calls.iter() {
            if matches!(
                operation,
                Operation::ListIds | Operation::Compact | Operation::Backup
            ) {
                drop(held);
                self.commit(disk, is_durable)?;
                done.push(match operation {
                    Operation::ListIds => Ok(self.list(args, shown)?),
                    Operation::Compact => Ok(self.compact(shown)?),
                    _ => self.backup(args.first, disk, shown)?,
                });
                held = shown.write();
                continue;
            }
            let view = held.as_mut().ok_or(Trouble::Moved)?;
            let (own, change) = plan(operation, args, view)?;
            if let Some(change) = change {
                self.writer.write(change, self.frame.changes());
                view.change(change);
            }
            done.push(Ok(own));
        }
        Ok(done)
    }

    /// Makes the file as small as it can be. Nobody reads meanwhile.
    fn compact(&mut self, shown: &Shown) -> Result<Done, Trouble> {
        self.checkpoint(true, shown)?;
        while self.has_garbage {
            self.collect(shown)?;
        }
        *shown.write() = None;
        self.tables.compact()?;
        *shown.write() = Some(View {
            memtable: Arc::default(),
            snapshot: self.tables.snapshot()?,
        });
        Ok(Done::Finished)
    }

    /// Copies the file to a path, as a store that is closed. What goes wrong there is no trouble here.
    fn backup(
        &mut self,
        path: &[u8],
        disk: &dyn Disk,
        shown: &Shown,
    ) -> Result<Result<Done, Error>, Trouble> {
        self.finish(disk, shown)?;
        let path = String::from_utf8_lossy(path);
        let copied = disk.copy(Path::new(&*path));
        let trouble = |error| Trouble::Io(error).of(&path.as_ref().into());
        Ok(copied.map(|()| Done::Finished).map_err(trouble))
    }

    fn list(&mut self, args: Args<'_>, shown: &Shown) -> Result<Done, Trouble> {
        let listed = Listed::read(args.second);
        let has_changed = shown.read().as_ref().is_some_and(|view| match listed {
            Listed::Integrations => view.memtable.integrations().next().is_some(),
            _ => view.memtable.knows(args.stem),
        });
        if has_changed {
            self.checkpoint(true, shown)?;
        }
        let snapshot = self.tables.snapshot()?;
        Ok(Done::Listed(match listed {
            Listed::Integrations => snapshot.integrations(args.stem, args.first, PAGE)?,
            listed => snapshot.page(args.stem, listed, args.first, PAGE)?,
        }))
    }

    /// Puts what was changed on the disk, at once when it `is_durable`.
    pub(super) fn commit(&mut self, disk: &dyn Disk, is_durable: bool) -> Result<(), Trouble> {
        if self.frame.is_empty() {
            // What changed nothing may be answered by what is not on the disk yet.
            return match &mut self.log {
                Some(log) if is_durable => Ok(log.sync()?),
                _ => Ok(()),
            };
        }
        if self.log.is_none()
            && let Some(storage) = disk.log(true)?
        {
            let salt = new_salt();
            self.log = Some(Log::new(storage, salt)?);
            let transaction = self.tables.begin()?;
            transaction.tables()?.set_salt(salt)?;
            transaction.commit(true)?;
        }
        if let Some(log) = &mut self.log {
            log.append(&mut self.frame, is_durable)?;
        }
        self.frame.clear();
        self.writer = change::Writer::new();
        Ok(())
    }

    /// Moves what has changed to the tables when it has become much.
    pub(super) fn checkpoint_if_due(&mut self, shown: &Shown) -> Result<(), Trouble> {
        let Some((bytes, replaced)) = shown.write().as_mut().map(|view| {
            let memtable = view.memtable();
            (memtable.bytes(), memtable.take_replaced())
        }) else {
            return Ok(());
        };
        // While nobody waits for it: that of a large integration takes some ms.
        drop(replaced);
        let used = self.log.as_ref().map_or(0, Log::used);
        if used > LOG_LIMIT || bytes > MEMTABLE_LIMIT {
            self.checkpoint(true, shown)?;
        }
        Ok(())
    }

    /// Moves what has changed to the tables, and begins the log anew when it `goes_on`.
    pub(super) fn checkpoint(&mut self, goes_on: bool, shown: &Shown) -> Result<(), Trouble> {
        let salt = match self.log {
            Some(_) if goes_on => new_salt(),
            _ => NO_LOG,
        };
        if let Some(log) = &mut self.log {
            // A crash in the middle leaves a part in the tables, and the log is to have the rest.
            log.sync()?;
        }
        let memtable = shown.read().as_ref().map(|view| view.memtable.clone());
        let memtable = memtable.unwrap_or_default();
        checkpoint(&self.tables, &memtable, salt, |snapshot| {
            if let Some(view) = &mut *shown.write() {
                view.snapshot = snapshot;
            }
        })?;
        if let Some(view) = &mut *shown.write() {
            view.memtable = Arc::default();
        }
        if let Some(log) = &mut self.log {
            log.restart(salt);
        }
        self.has_garbage |= memtable
            .integrations()
            .any(|(_, integration)| integration.is_deleted);
        Ok(())
    }

    /// Moves all to the tables, and removes the log. Where that fails it stays: it has what was answered.
    pub(super) fn finish(&mut self, disk: &dyn Disk, shown: &Shown) -> Result<(), Trouble> {
        if self.log.is_some() {
            self.checkpoint(false, shown)?;
            self.log = None;
            // As long as the tables are open, nobody else has a log there.
            disk.remove_log()?;
        }
        Ok(())
    }

    /// Whether there may be rows of deleted integrations.
    pub(super) fn has_garbage(&self) -> bool {
        self.has_garbage
    }

    /// Removes some of these.
    pub(super) fn collect(&mut self, shown: &Shown) -> Result<(), Trouble> {
        let transaction = self.tables.begin()?;
        self.has_garbage = transaction.tables()?.collect()?;
        if self.has_garbage {
            transaction.commit(true)?;
            if let Some(view) = &mut *shown.write() {
                view.snapshot = self.tables.snapshot()?;
            }
        }
        Ok(())
    }
}

/// What a call comes to, and what it changes.
fn plan<'a>(
    operation: Operation,
    args: Args<'a>,
    view: &View,
) -> Result<(Done, Option<Change<'a>>), Trouble> {
    let Args {
        stem,
        first,
        second,
    } = args;
    if let Some(half) = operation.half() {
        return Ok((Done::Found(view.get(stem, half, first)?), None));
    }
    Ok(match operation {
        Operation::DeleteIds => {
            let botmatic = view.get(stem, Half::Botmatic, first)?;
            let external = view.get(stem, Half::External, second)?;
            let found = u8::from(botmatic.is_some()) + u8::from(external.is_some());
            let change = Change::Delete(stem, first, second);
            (Done::Deleted(found), (found > 0).then_some(change))
        }
        Operation::DeleteAllIds => {
            let change = view.knows(stem)?.then_some(Change::DeleteAll(stem));
            (Done::Finished, change)
        }
        _ => (Done::Saved, Some(Change::Save(stem, first, second))),
    })
}

/// A salt that no log had.
fn new_salt() -> u64 {
    RandomState::new().build_hasher().finish().max(1)
}
