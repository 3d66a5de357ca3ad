//! The log: changes on their way to the tables, each frame on the disk before a call of it is answered.
//!
//! ```text
//! length u32 │ crc u32 │ changes          length u32 │ crc u32 │ changes          0 0 0 0 …
//! ╰──────── a frame: all calls that shared a sync ────────╯                       the end
//! ```
//!
//! Numbers are little endian. The checksum covers the log's salt, the frame's offset and its changes, so
//! that a torn frame, one that stands elsewhere and one of an earlier round are none: the log is written
//! over from its beginning after each checkpoint, with a new salt that the tables name.

use std::io;

use redb::StorageBackend;

/// What stands before the changes of a frame, in bytes.
const HEAD: usize = 8;

/// By how much the log grows, in bytes. A sync after a write into what is there already is cheaper than
/// one after a write that makes the file longer, which has the file system write its journal.
const GROWTH: u64 = 256 * 1024;

/// The log of an open file.
pub(super) struct Log {
    storage: Box<dyn StorageBackend>,
    salt: u64,
    end: u64,
    /// How long the storage is.
    length: u64,
}

/// A frame to be appended.
pub(super) struct Frame(Vec<u8>);

impl Frame {
    /// Without changes.
    pub(super) fn new() -> Frame {
        Frame(vec![0; HEAD])
    }

    /// Where changes are to be appended.
    pub(super) fn changes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// How long it is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds no change.
    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == HEAD
    }

    /// Takes the changes out.
    pub(super) fn clear(&mut self) {
        self.0.truncate(HEAD);
    }
}

impl Log {
    /// The log in a storage, written over from its beginning.
    pub(super) fn new(storage: Box<dyn StorageBackend>, salt: u64) -> io::Result<Log> {
        let length = storage.len()?;
        Ok(Log {
            storage,
            salt,
            end: 0,
            length,
        })
    }

    /// The log that a crash left, whose frames `each` is given the changes of, in order. What follows the last whole
    /// one was never answered.
    pub(super) fn read(
        storage: Box<dyn StorageBackend>,
        salt: u64,
        mut each: impl FnMut(&[u8]) -> Option<()>,
    ) -> io::Result<Log> {
        let mut log = Log::new(storage, salt)?;
        let mut text = vec![0; usize::try_from(log.length).map_err(io::Error::other)?];
        log.storage.read(0, &mut text)?;
        let mut rest = &*text;
        while let Some(changes) = whole_frame(rest, salt, log.end)
            && each(changes).is_some()
        {
            let size = HEAD + changes.len();
            log.end += size as u64;
            rest = &rest[size..];
        }
        // A sync that failed may have left in memory alone what was read: it is to be on the disk.
        log.storage.write(0, &text[..text.len() - rest.len()])?;
        log.storage.sync_data()?;
        Ok(log)
    }

    /// Appends a frame; it is on the disk then when it `is_synced`.
    pub(super) fn append(&mut self, frame: &mut Frame, is_synced: bool) -> io::Result<()> {
        let size = frame.len() as u64;
        let needed = self.end + size;
        if needed > self.length {
            let grown = (needed + GROWTH).next_multiple_of(GROWTH);
            let zeros = vec![0; (grown - self.length) as usize];
            self.storage.write(self.length, &zeros)?;
            self.length = grown;
        }
        let (head, changes) = frame.0.split_at_mut(HEAD);
        let length = u32::try_from(changes.len()).map_err(io::Error::other)?;
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4..].copy_from_slice(&checksum(self.salt, self.end, changes).to_le_bytes());
        self.storage.write(self.end, &frame.0)?;
        if is_synced {
            self.storage.sync_data()?;
        }
        self.end = needed;
        Ok(())
    }

    /// Begins anew: the tables have all of it, and name this salt.
    pub(super) fn restart(&mut self, salt: u64) {
        self.salt = salt;
        self.end = 0;
    }

    /// How much of it is in use, in bytes.
    pub(super) fn used(&self) -> u64 {
        self.end
    }
}

/// The changes of the frame that `text`, at this offset of the log, begins with.
fn whole_frame(text: &[u8], salt: u64, offset: u64) -> Option<&[u8]> {
    let (length, rest) = text.split_first_chunk()?;
    let (crc, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let changes = rest.get(..length).filter(|changes| !changes.is_empty())?;
    (u32::from_le_bytes(*crc) == checksum(salt, offset, changes)).then_some(changes)
}

fn checksum(salt: u64, offset: u64, changes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.update(&offset.to_le_bytes());
    hasher.update(changes);
    hasher.finalize()
}
