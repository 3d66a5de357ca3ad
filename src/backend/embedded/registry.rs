//! The files that are open in this process: one file is opened once, however many stores and threads use it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use super::disk::{Files, Memory};
use super::job::Work;
use super::store::Store;
use crate::backend::locked::locked;

static FILES: LazyLock<Mutex<HashMap<PathBuf, Shared>>> = LazyLock::new(Mutex::default);

/// A store, and how many use it.
struct Shared {
    store: Arc<Store>,
    users: usize,
}

/// One use of a store, which is closed when the last ends.
pub(super) struct Usage {
    store: Arc<Store>,
    /// `None` of memory, which nobody else can use.
    path: Option<PathBuf>,
    is_over: bool,
}

impl Usage {
    /// Of the file at `path`; `cache` is in bytes, and that of who is first.
    pub(super) fn of_file(path: &Path, name: Arc<str>, cache: usize) -> io::Result<Usage> {
        let path = resolved(path)?;
        let mut files = locked(&FILES);
        let shared = match files.entry(path.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let disk = Box::new(Files::new(&path));
                let path = path.clone();
                let store = Store::start(name, disk, cache, move || is_unused(&path))?;
                entry.insert(Shared {
                    store: Arc::new(store),
                    users: 0,
                })
            }
        };
        shared.users += 1;
        Ok(Usage {
            store: shared.store.clone(),
            path: Some(path),
            is_over: false,
        })
    }

    /// Of memory.
    pub(super) fn of_memory(name: Arc<str>, cache: usize) -> io::Result<Usage> {
        let store = Store::start(name, Box::new(Memory), cache, || true)?;
        Ok(Usage {
            store: Arc::new(store),
            path: None,
            is_over: false,
        })
    }

    /// What is used.
    pub(super) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Ends it, and waits until the store is closed if nobody else uses it.
    pub(super) async fn end(mut self) {
        if self.leave() {
            // What was answered is safe in any case, and nobody is there to hear of it.
            let _ = self.store.request(Work::Close).await;
        }
    }

    /// Whether this was the last use.
    fn leave(&mut self) -> bool {
        if std::mem::replace(&mut self.is_over, true) {
            return false;
        }
        let Some(path) = &self.path else {
            return true;
        };
        let mut files = locked(&FILES);
        files.get_mut(path).is_some_and(|shared| {
            shared.users -= 1;
            shared.users == 0
        })
    }
}

impl Drop for Usage {
    fn drop(&mut self) {
        if self.leave() {
            self.store.close();
        }
    }
}

/// Forgets a file that nobody uses any more; whether that is so.
fn is_unused(path: &Path) -> bool {
    let mut files = locked(&FILES);
    let is_unused = files.get(path).is_none_or(|shared| shared.users == 0);
    if is_unused {
        files.remove(path);
    }
    is_unused
}

/// The one path of a file that may have several, and need not be there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(error)?;
            let folder = match path.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            Ok(fs::canonicalize(folder)?.join(name))
        }
        resolved => resolved,
    }
}
