//! Redis: connections to one server, to the master that sentinels name, or to the nodes of a cluster.

mod answers;
mod cluster;
mod commands;
mod connection;
mod deletion;
mod dialect;
mod eviction;
mod fence;
mod in_flight;
mod in_turn;
mod kept;
mod listing;
mod login;
mod operations;
mod pipeline;
mod replies;
mod response_timeout;
mod routing;
mod run;
mod sentinel;
mod server;
mod session;
mod slots;
mod stats;
mod stream;
#[cfg(test)]
mod testing;
mod together;
mod topology;

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

pub use session::Session;
pub use stats::Stats;

use super::{Backend, ConnectError, Remark};
use crate::backend::locked::locked;
use crate::error::Error;
use crate::settings::Settings;
use kept::Kept;
use server::late;

/// Who knows what to connect with by now.
pub trait Owner: Send + Sync + 'static {
    /// Asks for that: before a connection is made, and once more when its login `is_refused`. What is
    /// dropped is no answer: there is nobody left who may have changed it.
    fn ask(&self, is_refused: bool, answer: oneshot::Sender<Arc<Settings>>);
}

/// The servers behind one queue of calls.
#[derive(Default)]
pub struct Redis {
    kept: Arc<Kept>,
    owner: Option<Arc<dyn Owner>>,
}

impl Redis {
    /// Servers of an owner who may change what to connect with, a client; or of none.
    pub fn of(owner: Option<Arc<dyn Owner>>) -> Redis {
        Redis {
            kept: Arc::default(),
            owner,
        }
    }

    /// The owner's settings of now, `settings` when there is none.
    async fn current(&self, is_refused: bool, settings: &Arc<Settings>) -> Arc<Settings> {
        let (answer, answered) = oneshot::channel();
        match &self.owner {
            Some(owner) => owner.ask(is_refused, answer),
            None => drop(answer),
        }
        answered.await.unwrap_or_else(|_| settings.clone())
    }

    /// Connects for calls that have these settings: place and login are those of now, the database is
    /// that of the calls.
    async fn open(&self, settings: &Arc<Settings>, end: Instant) -> Result<Session, ConnectError> {
        let session = async |current: &Arc<Settings>| {
            let of_calls = Arc::new(Settings {
                db: settings.db,
                fallback_db: settings.fallback_db,
                ..(**current).clone()
            });
            Session::open(&of_calls, &self.kept, end).await
        };
        let current = self.current(false, settings).await;
        let opened = session(&current).await;
        let Err(ConnectError {
            error: Error::Auth { .. },
            ..
        }) = opened
        else {
            return opened;
        };
        // What was told may have been old: nobody is asked for credentials again and again while
        // nothing can be reached.
        let again = self.current(true, settings).await;
        match Arc::ptr_eq(&again, &current) {
            true => opened,
            false => session(&again).await,
        }
    }

    /// What went over its connections.
    pub fn stats(&self) -> &Stats {
        &self.kept.stats
    }
}

impl Backend for Redis {
    type Session = Session;

    async fn connect(self: Arc<Self>, settings: Arc<Settings>) -> Result<Session, ConnectError> {
        let end = Instant::now() + settings.connect_timeout;
        let opened = timeout_at(end, self.open(&settings, end)).await;
        opened.unwrap_or_else(|_| {
            let (has_tls, limit) = (settings.tls.is_some(), settings.connect_timeout);
            let error = late(&settings.server, has_tls, limit);
            Err(ConnectError::transient(error))
        })
    }

    fn take_remarks(&self) -> Vec<Remark> {
        let remarks = std::mem::take(&mut *locked(&self.kept.evictions.remarks));
        let remarks = remarks.into_iter();
        remarks
            .map(|(server, text)| Remark { server, text })
            .collect()
    }
}
