//! A disk that remembers all that was written to it, so that it can be cut off from power at any point, and
//! that fails when it is told to.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Builder, Database, StorageBackend};

use super::disk::Disk;
use super::trouble::Trouble;

/// What a sector is: it is written whole or not at all, in bytes.
const SECTOR: usize = 512;

const TABLES: usize = 0;
const LOG: usize = 1;

/// Something that happened to one of the two files.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Create(usize),
    Write(usize, u64, Vec<u8>),
    SetLen(usize, u64),
    Sync(usize),
    Remove(usize),
}

#[derive(Debug, Default)]
struct State {
    files: [Option<Vec<u8>>; 2],
    events: Vec<Event>,
    /// How many operations succeed before the disk fails; all when `None`.
    lasts: Option<usize>,
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

/// What becomes, in a power cut, of what was written since the last sync.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    /// All of it is lost.
    None,
    /// All of it is there.
    All,
    /// Some of it is there, and some of it in part.
    Some,
}

impl TestDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much has happened.
    pub(super) fn events(&self) -> usize {
        self.state().events.len()
    }

    /// From now on so many operations succeed, and then none; all, when `None`.
    pub(super) fn fail_after(&self, lasts: Option<usize>) {
        self.state().lasts = lasts;
    }

    /// A disk as this one may be found after a power cut that came after so many events.
    pub(super) fn cut(&self, after: usize, cut: Cut, chance: &mut Chance) -> TestDisk {
        let state = self.state();
        let mut files: [Option<Vec<u8>>; 2] = [None, None];
        let mut pending: [Vec<&Event>; 2] = [vec![], vec![]];
        for event in &state.events[..after] {
            match event {
                Event::Create(file) => files[*file] = Some(Vec::new()),
                Event::Remove(file) => {
                    pending[*file].clear();
                    // Its folder is not synced then.
                    if !matches!(cut, Cut::None) {
                        files[*file] = None;
                    }
                }
                Event::Write(file, ..) | Event::SetLen(file, _) => pending[*file].push(event),
                Event::Sync(file) => {
                    for event in pending[*file].drain(..) {
                        apply(&mut files, event, |_| true);
                    }
                }
            }
        }
        for event in pending.into_iter().flatten() {
            match cut {
                Cut::None => {}
                Cut::All => apply(&mut files, event, |_| true),
                Cut::Some => match chance.below(3) {
                    0 => {}
                    1 => apply(&mut files, event, |_| true),
                    _ => apply(&mut files, event, |_| chance.below(2) == 0),
                },
            }
        }
        TestDisk(Arc::new(Mutex::new(State {
            files,
            ..State::default()
        })))
    }

    /// Counts an operation, and fails it when its time has come.
    fn operate(&self, event: Option<Event>) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        match &mut state.lasts {
            Some(0) => return Err(io::ErrorKind::StorageFull.into()),
            Some(lasts) => *lasts -= 1,
            None => {}
        }
        state.events.extend(event);
        Ok(state)
    }
}

/// Does to the files what happened, each sector for which `is_written`.
fn apply(
    files: &mut [Option<Vec<u8>>; 2],
    event: &Event,
    mut is_written: impl FnMut(usize) -> bool,
) {
    match event {
        Event::Write(file, offset, data) => {
            let Some(content) = &mut files[*file] else {
                return;
            };
            let start = *offset as usize;
            if content.len() < start + data.len() {
                content.resize(start + data.len(), 0);
            }
            // Sectors are of the disk, whatever is written.
            let mut at = 0;
            while at < data.len() {
                let end = data.len().min(at + SECTOR - (start + at) % SECTOR);
                if is_written(at) {
                    content[start + at..start + end].copy_from_slice(&data[at..end]);
                }
                at = end;
            }
        }
        Event::SetLen(file, length) => {
            if let Some(content) = &mut files[*file] {
                content.resize(*length as usize, 0);
            }
        }
        Event::Create(_) | Event::Sync(_) | Event::Remove(_) => {}
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
        let mut state = self.disk.operate(Some(event.clone()))?;
        apply(&mut state.files, &event, |_| true);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.operate(Some(Event::Sync(self.file))).map(drop)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let event = Event::Write(self.file, offset, data.to_vec());
        let mut state = self.disk.operate(Some(event.clone()))?;
        apply(&mut state.files, &event, |_| true);
        Ok(())
    }
}

impl Disk for TestDisk {
    fn database(&self, cache: usize) -> Result<Database, Trouble> {
        if self.state().files[TABLES].is_none() {
            self.operate(Some(Event::Create(TABLES)))?.files[TABLES] = Some(Vec::new());
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
            self.operate(Some(Event::Create(LOG)))?.files[LOG] = Some(Vec::new());
        } else if self.state().files[LOG].is_none() {
            return Err(Trouble::NoLog("the log".into()));
        }
        Ok(Some(Box::new(Storage {
            disk: self.clone(),
            file: LOG,
        })))
    }

    fn remove_log(&self) -> io::Result<()> {
        self.operate(Some(Event::Remove(LOG)))?.files[LOG] = None;
        Ok(())
    }

    fn is_in_place(&self) -> bool {
        true
    }
}
