//! An embedded database: pairs in a file, or in memory, without a server.
//!
//! ```text
//!   session ──── jobs ────▶ writer ──── a frame, one sync ────▶ log
//!      │                      │
//!      │ lookups              │ changes
//!      ▼                      ▼          checkpoint
//!    view ═══════════════ memtable ─────────────────▶ tables (redb)
//! ```
//!
//! All calls that come while a sync is under way share the next one. What was answered is in the log, and
//! from time to time a checkpoint moves it to the tables. See `docs/embedded.md` for the file.

mod answers;
mod change;
mod checkpoint;
mod disk;
mod hex;
mod id;
mod job;
mod log;
mod memtable;
mod opened;
mod overlay;
mod registry;
mod row;
mod session;
mod snapshot;
mod store;
mod tables;
#[cfg(test)]
mod testing;
mod trouble;
mod view;
mod writer;

use std::sync::{Arc, Mutex};

pub use session::Session;

use super::{Backend, ConnectError};
use crate::backend::locked::locked;
use crate::call::{Answer, Args, Operation};
use crate::error::Error;
use crate::settings::{Endpoint, Settings};
use job::Work;
use registry::Usage;
use trouble::Trouble;

/// How much of what is in memory is cached, in bytes: it is there already.
const MEMORY_CACHE: usize = 1024 * 1024;

/// The embedded database behind one queue of calls.
#[derive(Default)]
pub struct Embedded {
    usage: Mutex<Option<Usage>>,
}

impl Embedded {
    /// Answers a lookup at once; `None` when it is none, or that cannot be told without the writer. To be asked only
    /// while nothing is under way that it should come after.
    pub fn find(&self, operation: Operation, args: Args<'_>) -> Option<Answer> {
        let half = operation.half()?;
        let usage = locked(&self.usage);
        let found = usage.as_ref()?.store().find(args.stem, half, args.first)?;
        Some(found.map_or(Answer::Missing, Answer::Id))
    }

    fn begin(settings: &Settings) -> Result<Usage, Error> {
        let name = settings.server.clone();
        let begun = match &settings.endpoint {
            Endpoint::File(file) => Usage::of_file(&file.path, name.clone(), file.cache_size),
            Endpoint::Memory => Usage::of_memory(name.clone(), MEMORY_CACHE),
            _ => return Err(Error::Internal("an embedded store has no server".into())),
        };
        begun.map_err(|error| Trouble::Io(error).of(&name))
    }
}

impl Backend for Embedded {
    type Session = Session;

    async fn connect(self: Arc<Self>, settings: Arc<Settings>) -> Result<Session, ConnectError> {
        let store = {
            let mut usage = locked(&self.usage);
            let usage = match &mut *usage {
                Some(usage) => usage,
                None => usage.insert(Embedded::begin(&settings).map_err(ConnectError::lasting)?),
            };
            usage.store().clone()
        };
        let opened = store.request(Work::Open).await;
        opened.map_err(ConnectError::lasting)?;
        let is_durable = match &settings.endpoint {
            Endpoint::File(file) => file.is_durable,
            _ => false,
        };
        Ok(Session::new(store, is_durable))
    }

    async fn close(&self) {
        let usage = locked(&self.usage).take();
        if let Some(usage) = usage {
            usage.end().await;
        }
    }
}
