//! Redis: connections to one server, to the master that sentinels name, or to the nodes of a cluster.

mod answers;
mod cluster;
mod commands;
mod connection;
mod deletion;
mod dialect;
mod eviction;
mod fence;
mod in_turn;
mod kept;
mod locked;
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
mod topology;

use std::sync::Arc;

pub use session::Session;
pub use stats::Stats;

use super::{Backend, ConnectError, Remark};
use crate::settings::Settings;
use kept::Kept;
use locked::locked;

/// The servers behind one queue of calls.
#[derive(Default)]
pub struct Redis {
    kept: Arc<Kept>,
}

impl Redis {
    /// What went over its connections.
    pub fn stats(&self) -> &Stats {
        &self.kept.stats
    }
}

impl Backend for Redis {
    type Session = Session;

    async fn connect(self: Arc<Self>, settings: Arc<Settings>) -> Result<Session, ConnectError> {
        Session::open(&settings, &self.kept).await
    }

    fn take_remarks(&self) -> Vec<Remark> {
        let remarks = std::mem::take(&mut *locked(&self.kept.evictions.remarks));
        let remarks = remarks.into_iter();
        remarks
            .map(|(server, text)| Remark { server, text })
            .collect()
    }
}
