//! Where a store is: in files, or in memory.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, DatabaseError, StorageBackend};

use super::overlay::Overlay;
use super::tables;
use super::trouble::Trouble;
use crate::backend::locked::locked;

/// What every file of redb begins with.
const MAGIC: &[u8; 9] = b"redb\x1A\x0A\xA9\x0D\x0A";

/// How long redb's header is, in bytes.
const HEADER: usize = 320;

/// How long redb's pages are, in bytes.
const PAGE: u64 = 4096;

/// How long a file is at most while it is made, in bytes.
const MAKING: u64 = 2 * 1024 * 1024;

/// Files up to this size, in bytes, are read through when they are opened, to find what is damaged.
const CHECKED: u64 = 64 * 1024 * 1024;

/// The place of the tables, and of the log beside them.
pub(super) trait Disk: fmt::Debug + Send {
    /// Opens the database, makes it where there is none. What is no file of this store is left as it is.
    fn database(&self, cache: usize) -> Result<Database, Trouble>;

    /// Opens the log, an empty one when it `is_new`, or else the one that is there. `None` where none is
    /// kept.
    fn log(&self, is_new: bool) -> Result<Option<Box<dyn StorageBackend>>, Trouble>;

    /// Removes the log.
    fn remove_log(&self) -> io::Result<()>;

    /// Copies the file of the tables, none of which is changed meanwhile, to a path where nothing is.
    fn copy(&self, to: &Path) -> io::Result<()>;

    /// Remembers which files are open.
    fn remember(&self);

    /// Whether those still stand there by their names; it is so when none is remembered.
    fn is_in_place(&self) -> bool;

    /// Lets others stand there when they are opened next.
    fn forget(&self);
}

/// A file, and its log beside it.
#[derive(Debug)]
pub(super) struct Files {
    file: PathBuf,
    log: PathBuf,
    /// Which files these were when they were opened.
    opened: Mutex<[Option<Identity>; 2]>,
}

impl Files {
    /// At this path.
    pub(super) fn new(file: &Path) -> Files {
        let mut log = file.as_os_str().to_owned();
        log.push("-log");
        Files {
            file: file.to_owned(),
            log: log.into(),
            opened: Mutex::default(),
        }
    }

    /// How long the file is, in bytes; 0 when there is none.
    fn length(&self) -> u64 {
        fs::metadata(&self.file).map_or(0, |metadata| metadata.len())
    }

    /// What opens a database, and finds what is damaged in a small one. `cache` is in bytes.
    fn builder(&self, cache: usize) -> Builder {
        let mut builder = Builder::new();
        builder
            .set_cache_size(cache)
            .set_check_integrity_on_open((1..=CHECKED).contains(&self.length()));
        builder
    }

    /// Whether a database is there. Nothing else is opened for writing: that writes.
    fn look(&self, cache: usize) -> Result<(), Trouble> {
        let mut file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        let mut start = Vec::new();
        file.by_ref()
            .take(MAGIC.len() as u64)
            .read_to_end(&mut start)?;
        if start.is_empty() {
            return Ok(());
        }
        if is_unfinished(&mut file)? {
            return self.empty();
        }
        if start != MAGIC {
            return Err(Trouble::Foreign);
        }
        let mut builder = Builder::new();
        match builder.set_cache_size(cache).open_read_only(&self.file) {
            Ok(database) => tables::is_new(&database).map(drop),
            Err(DatabaseError::RepairAborted) => self.look_after_crash(cache),
            Err(error) => Err(error.into()),
        }
    }

    /// After a crash redb opens a file only to write to it: to repair it.
    fn look_after_crash(&self, cache: usize) -> Result<(), Trouble> {
        let file = File::open(&self.file)?;
        file.try_lock_shared().map_err(not_locked)?;
        let overlay = Overlay::new(file)?;
        let database = self.builder(cache).create_with_backend(overlay)?;
        tables::is_new(&database).map(drop)
    }

    /// Empties a file whose making was cut short, unless another process makes it now.
    fn empty(&self) -> Result<(), Trouble> {
        let options = OpenOptions::new().read(true).write(true).to_owned();
        let mut file = options.open(&self.file)?;
        file.try_lock().map_err(not_locked)?;
        if is_unfinished(&mut file)? {
            file.set_len(0)?;
        }
        Ok(())
    }
}

fn not_locked(error: TryLockError) -> Trouble {
    match error {
        TryLockError::WouldBlock => Trouble::InUse,
        TryLockError::Error(error) => error.into(),
    }
}

/// Whether a crash cut the making of a file short: redb writes its magic last, when the file has its first
/// length and a header, and is empty otherwise.
fn is_unfinished(file: &mut File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    if length == 0 || length > MAKING || !length.is_multiple_of(PAGE) {
        return Ok(false);
    }
    let mut text = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut text)?;
    let (header, rest) = text.split_at(HEADER.min(text.len()));
    let is_zero = |byte: &u8| *byte == 0;
    Ok(header.iter().take(MAGIC.len()).all(is_zero) && rest.iter().all(is_zero))
}

impl Disk for Files {
    fn database(&self, cache: usize) -> Result<Database, Trouble> {
        self.look(cache)?;
        let is_new = self.length() == 0;
        let database = self.builder(cache).create(&self.file)?;
        if is_new {
            sync_folder(&self.file)?;
        }
        locked(&self.opened)[1] = None;
        Ok(database)
    }

    fn log(&self, is_new: bool) -> Result<Option<Box<dyn StorageBackend>>, Trouble> {
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(is_new)
            .truncate(is_new)
            .open(&self.log);
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_new => {
                return Err(Trouble::NoLog(self.log.display().to_string()));
            }
            opened => opened?,
        };
        if is_new {
            sync_folder(&self.log)?;
        }
        locked(&self.opened)[1] = identity(&self.log);
        Ok(Some(Box::new(FileBackend::new(file)?)))
    }

    fn remove_log(&self) -> io::Result<()> {
        locked(&self.opened)[1] = None;
        fs::remove_file(&self.log)
    }

    fn copy(&self, to: &Path) -> io::Result<()> {
        let mut from = File::open(&self.file)?;
        let mut copy = OpenOptions::new().write(true).create_new(true).open(to)?;
        let copied = io::copy(&mut from, &mut copy).and_then(|_| copy.sync_all());
        if copied.is_err() {
            // The error is of more interest than that what is left of the copy cannot be removed either.
            let _ = fs::remove_file(to);
        }
        copied.and_then(|()| sync_folder(to))
    }

    fn remember(&self) {
        locked(&self.opened)[0] = identity(&self.file);
    }

    fn is_in_place(&self) -> bool {
        let [file, log] = *locked(&self.opened);
        file.is_none()
            || file == identity(&self.file) && (log.is_none() || log == identity(&self.log))
    }

    fn forget(&self) {
        *locked(&self.opened) = [None, None];
    }
}

/// What tells a file from another that has its name later.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// An open file can neither be removed nor replaced.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// A new file is there after a power cut when its folder is on the disk.
#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Folders cannot be synced, and need not be.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Memory, of which nothing is left when it is closed.
#[derive(Debug)]
pub(super) struct Memory;

impl Disk for Memory {
    fn database(&self, cache: usize) -> Result<Database, Trouble> {
        let backend = InMemoryBackend::new();
        Ok(Builder::new()
            .set_cache_size(cache)
            .create_with_backend(backend)?)
    }

    fn log(&self, _: bool) -> Result<Option<Box<dyn StorageBackend>>, Trouble> {
        Ok(None)
    }

    fn remove_log(&self) -> io::Result<()> {
        Ok(())
    }

    fn copy(&self, _: &Path) -> io::Result<()> {
        Err(io::Error::other("what is in memory has no file"))
    }

    fn remember(&self) {}

    fn is_in_place(&self) -> bool {
        true
    }

    fn forget(&self) {}
}
