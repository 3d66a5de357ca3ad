//! A disk that remembers all that was written to it, so that it can be cut off from power at any point, and
//! that fails when it is told to.

mod power;

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Builder, Database, StorageBackend};

use super::disk::Disk;
use super::trouble::Trouble;
pub(super) use power::{Cut, Power};

const TABLES: usize = 0;
const LOG: usize = 1;

/// Something that happened to one of the two files.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Create(usize),
    Write(usize, u64, Vec<u8>),
    SetLen(usize, u64),
    Sync(usize),
    /// A sync failed: the system holds for written what was on its way, and does not try again.
    Lost(usize),
    Remove(usize),
}

/// What the process sees of the disk.
#[derive(Debug, Default)]
struct State {
    files: [Option<Vec<u8>>; 2],
    events: Vec<Event>,
    operations: usize,
    /// Which operations fail.
    failing: Range<usize>,
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(super) struct TestDisk(Arc<Mutex<State>>);

/// One of its files.
#[derive(Debug)]
struct Storage {
    disk: TestDisk,
    file: usize,
}

/// Numbers by chance (xorshift).
pub(super) struct Chance(pub u64);

impl Chance {
    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

impl TestDisk {
    /// Of these files.
    fn of(files: [Option<Vec<u8>>; 2]) -> TestDisk {
        TestDisk(Arc::new(Mutex::new(State {
            files,
            ..State::default()
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that has happened.
    pub(super) fn events(&self) -> Vec<Event> {
        self.state().events.clone()
    }

    /// How much has happened.
    pub(super) fn happened(&self) -> usize {
        self.state().events.len()
    }

    /// What stands in the file of the tables.
    pub(super) fn tables(&self) -> Option<Vec<u8>> {
        self.state().files[TABLES].clone()
    }

    /// After so many operations so many fail.
    pub(super) fn fail(&self, after: usize, times: usize) {
        let mut state = self.state();
        let first = state.operations + after;
        state.failing = first..first.saturating_add(times);
    }

    /// All operations succeed again; whether one has failed.
    pub(super) fn heal(&self) -> bool {
        let mut state = self.state();
        let failing = std::mem::take(&mut state.failing);
        state.operations > failing.start && !failing.is_empty()
    }

    /// Carries an operation out, and fails it when its time has come.
    fn operate(&self, event: Option<Event>) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let fails = state.failing.contains(&state.operations);
        state.operations += 1;
        let happens = match event {
            Some(Event::Write(file, offset, mut data)) if fails => {
                data.truncate(data.len() / 2);
                Some(Event::Write(file, offset, data))
            }
            Some(Event::Sync(file)) if fails => Some(Event::Lost(file)),
            _ if fails => None,
            event => event,
        };
        if let Some(event) = happens {
            state.happen(event);
        }
        match fails {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(state),
        }
    }
}

impl State {
    fn happen(&mut self, event: Event) {
        match &event {
            Event::Create(file) => self.files[*file] = Some(Vec::new()),
            Event::Remove(file) => self.files[*file] = None,
            Event::Write(file, ..) | Event::SetLen(file, _) => {
                if let Some(content) = &mut self.files[*file] {
                    power::apply(content, &event, |_| true);
                }
            }
            Event::Sync(_) | Event::Lost(_) => {}
        }
        self.events.push(event);
    }
}

impl StorageBackend for Storage {
    fn len(&self) -> io::Result<u64> {
        let state = self.disk.operate(None)?;
        Ok(state.files[self.file].as_ref().map_or(0, Vec::len) as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.disk.operate(None)?;
        let start = offset as usize;
        let content = state.files[self.file].as_ref();
        match content.and_then(|content| content.get(start..start + out.len())) {
            Some(content) => out.copy_from_slice(content),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let event = Event::SetLen(self.file, len);
        self.disk.operate(Some(event)).map(drop)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.operate(Some(Event::Sync(self.file))).map(drop)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let event = Event::Write(self.file, offset, data.to_vec());
        self.disk.operate(Some(event)).map(drop)
    }
}

impl Disk for TestDisk {
    fn database(&self, cache: usize) -> Result<Database, Trouble> {
        if self.tables().is_none() {
            drop(self.operate(Some(Event::Create(TABLES)))?);
        }
        let storage = Storage {
            disk: self.clone(),
            file: TABLES,
        };
        Ok(Builder::new()
            .set_cache_size(cache)
            .create_with_backend(storage)?)
    }

    fn log(&self, is_new: bool) -> Result<Option<Box<dyn StorageBackend>>, Trouble> {
        if is_new {
            drop(self.operate(Some(Event::Create(LOG)))?);
        } else if self.operate(None)?.files[LOG].is_none() {
            return Err(Trouble::NoLog("the log".into()));
        }
        Ok(Some(Box::new(Storage {
            disk: self.clone(),
            file: LOG,
        })))
    }

    fn remove_log(&self) -> io::Result<()> {
        self.operate(Some(Event::Remove(LOG))).map(drop)
    }

    fn remember(&self) {}

    fn copy(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn is_in_place(&self) -> bool {
        true
    }

    fn forget(&self) {}
}
