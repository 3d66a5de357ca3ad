//! What goes wrong with a file, in words that say what to do.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{DatabaseError, StorageError};

use crate::error::Error;

/// Why a file cannot be used now.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The system says so.
    #[error("{}", words(.0))]
    Io(#[from] io::Error),
    /// It is in use elsewhere.
    #[error(
        "another process has it open, and only one at a time can: close that one, or use Redis where several processes need the pairs"
    )]
    InUse,
    /// It holds something else.
    #[error("it is no file of this store, and was left as it is; name another one")]
    Foreign,
    /// It is of a later version.
    #[error(
        "it has format {0}, and this version reads format {version} only: update js-redis-key-store; the file was left as it is", version = super::tables::VERSION
    )]
    Newer(u64),
    /// It holds what no version of this module wrote.
    #[error("it is damaged ({0}): restore it from a backup")]
    Damaged(String),
    /// What was not in its tables yet is gone.
    #[error(
        "it was not closed, and its log {0} is gone, with the last changes: put the log back beside it, or restore both from a backup"
    )]
    NoLog(String),
    /// It is not where it was opened.
    #[error("it was deleted, moved or replaced while it was open: put it back, with its log")]
    Moved,
}

/// Runs what reads tables: redb panics at some of what it cannot read.
pub(super) fn reading<T>(read: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let done = catch_unwind(AssertUnwindSafe(read));
    done.unwrap_or_else(|_| Err(Trouble::Damaged("its pages cannot be read".into())))
}

impl Trouble {
    /// The failure of calls on this file.
    pub(super) fn of(self, file: &Arc<str>) -> Error {
        Error::Storage {
            file: file.clone(),
            reason: self.to_string().into(),
        }
    }
}

fn words(error: &io::Error) -> String {
    let advice = match error.kind() {
        ErrorKind::NotFound => "make its folder first",
        ErrorKind::IsADirectory => "name a file in that folder",
        ErrorKind::NotADirectory => "what should be its folder is a file",
        ErrorKind::PermissionDenied => {
            "this user needs to read and write it, and to make files beside it"
        }
        ErrorKind::ReadOnlyFilesystem => "name a file where this process may write",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space; calls succeed again then"
        }
        _ => "check the disk; calls succeed again when it works",
    };
    format!("{error}; {advice}")
}

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Trouble {
        match error {
            // What is to be read, and is not there, was cut off.
            StorageError::Io(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidData | ErrorKind::UnexpectedEof
                ) =>
            {
                Trouble::Damaged(error.to_string())
            }
            StorageError::Io(error) => Trouble::Io(error),
            StorageError::Corrupted(reason) => Trouble::Damaged(reason),
            other => Trouble::Io(io::Error::other(other)),
        }
    }
}

impl From<DatabaseError> for Trouble {
    fn from(error: DatabaseError) -> Trouble {
        match error {
            DatabaseError::DatabaseAlreadyOpen => Trouble::InUse,
            // Of an earlier redb, with which no version of this module wrote.
            DatabaseError::UpgradeRequired(_) => Trouble::Foreign,
            DatabaseError::Storage(error) => error.into(),
            other => Trouble::Io(io::Error::other(other)),
        }
    }
}

/// What redb's other errors come to: that of the storage below, mostly.
macro_rules! of_storage {
    ($($error:ident),*) => { $(
        impl From<redb::$error> for Trouble {
            fn from(error: redb::$error) -> Trouble {
                match error {
                    redb::$error::Storage(error) => error.into(),
                    other => Trouble::Damaged(other.to_string()),
                }
            }
        }
    )* };
}

of_storage!(TransactionError, TableError, CommitError, CompactionError);
