//! The connections of one link, whatever stands behind it.

use std::sync::Arc;

use tokio::time::Instant;

use super::cluster::Cluster;
use super::connection::Connection;
use super::sentinel;
use super::target::{Place, Refusal, Target};
use super::traffic::Traffic;
use super::wire::Replies;
use crate::options::{Endpoint, Settings};
use crate::resp::Commands;

/// Connections that are logged in. Dropping it closes them.
pub enum Session {
    /// To one server.
    Single(Connection),
    /// To each master of a cluster.
    Cluster(Cluster),
}

impl Session {
    /// Connects and logs in, within the settings' `connect_timeout`.
    pub async fn open(
        settings: &Arc<Settings>,
        traffic: &Arc<Traffic>,
    ) -> Result<Session, Refusal> {
        let end = Instant::now() + settings.connect_timeout;
        let place = match &settings.endpoint {
            Endpoint::Tcp { address, family } => Place::Tcp(address, *family),
            Endpoint::Unix(path) => Place::Unix(path),
            Endpoint::Sentinel(of) => {
                return sentinel::open(settings, of, traffic, end)
                    .await
                    .map(Session::Single);
            }
            Endpoint::Cluster(of) => {
                return Cluster::open(settings, of, traffic, end)
                    .await
                    .map(Session::Cluster);
            }
        };
        let target = Target::of(settings, place, settings.server.clone(), traffic);
        Connection::open(&target, end).await.map(Session::Single)
    }

    /// How many masters there are: a walk goes over each.
    pub fn masters(&self) -> usize {
        match self {
            Session::Single(_) => 1,
            Session::Cluster(cluster) => cluster.masters(),
        }
    }

    /// Sends a pipeline after all that were sent before, at most [`super::MAX_UNDER_WAY`] at once;
    /// a `SCAN` in it goes to the master of that number.
    ///
    /// Yields one reply a command; fails when a connection is lost, or when the cluster is no longer
    /// as it was.
    pub fn send(&self, commands: Commands, master: usize) -> Replies {
        match self {
            Session::Single(connection) => connection.wire().send(commands),
            Session::Cluster(cluster) => cluster.send(&commands, master),
        }
    }

    /// Closes the connections and returns when that is done.
    pub async fn close(self) {
        match self {
            Session::Single(connection) => connection.close().await,
            Session::Cluster(cluster) => cluster.close().await,
        }
    }

    /// Resolves when a connection is gone.
    pub async fn ended(&mut self) {
        match self {
            Session::Single(connection) => connection.ended().await,
            Session::Cluster(cluster) => cluster.ended().await,
        }
    }
}
