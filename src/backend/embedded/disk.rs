//! Where a store is: in files, or in memory.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, DatabaseError, StorageBackend};

use super::tables;
use super::trouble::Trouble;
use crate::backend::locked::locked;

/// What every file of redb begins with.
const MAGIC: &[u8; 9] = b"redb\x1A\x0A\xA9\x0D\x0A";

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

    /// Whether what is open is still what stands there by its name.
    fn is_in_place(&self) -> bool;
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

    /// Whether a database is there. Nothing else is opened for writing: that writes.
    fn look(&self) -> Result<(), Trouble> {
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
        if start != MAGIC {
            return Err(Trouble::Foreign);
        }
        match Builder::new().open_read_only(&self.file) {
            Ok(database) => tables::is_new(&database).map(drop),
            // After a crash it can only be opened for writing.
            Err(DatabaseError::RepairAborted) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Disk for Files {
    fn database(&self, cache: usize) -> Result<Database, Trouble> {
        self.look()?;
        let size = fs::metadata(&self.file).map_or(0, |metadata| metadata.len());
        let mut builder = Builder::new();
        builder
            .set_cache_size(cache)
            .set_check_integrity_on_open(size > 0 && size <= CHECKED);
        let database = builder.create(&self.file)?;
        if size == 0 {
            sync_folder(&self.file)?;
        }
        locked(&self.opened)[0] = identity(&self.file);
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

    fn is_in_place(&self) -> bool {
        let [file, log] = *locked(&self.opened);
        file == identity(&self.file) && (log.is_none() || log == identity(&self.log))
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

    fn is_in_place(&self) -> bool {
        true
    }
}
