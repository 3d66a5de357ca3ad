//! What goes from one session to the next.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::fence::Predecessors;
use super::stats::Stats;
use crate::settings::Address;

/// What is kept while sessions come and go.
#[derive(Debug, Default)]
pub struct Kept {
    /// The bytes of all connections.
    pub stats: Arc<Stats>,
    /// The last connection to each server.
    pub predecessors: Predecessors,
    /// Which servers may evict pairs.
    pub evictions: Evictions,
    /// What is known of the cluster.
    pub cluster: KnownCluster,
}

/// What is known of evictions, see `eviction.rs`.
#[derive(Debug, Default)]
pub struct Evictions {
    /// Servers that have told.
    pub told: Mutex<HashSet<Arc<str>>>,
    /// Servers, and what is to be told of them.
    pub remarks: Mutex<Vec<(Arc<str>, Arc<str>)>>,
}

/// What sessions with a cluster have learned of it.
#[derive(Debug, Default)]
pub struct KnownCluster {
    /// The masters that the last session knew, asked after the seeds: those may all be gone.
    pub seen: Mutex<Vec<Address>>,
    /// The node that a slot was last said to have moved to, asked first: others may be behind.
    pub ahead: Mutex<Option<Address>>,
    /// Nodes that slots are on the way to, which may have none yet.
    pub newcomers: Mutex<Vec<Address>>,
    /// Whether the last session met a slot that was half moved.
    pub is_half_moved: AtomicBool,
}
