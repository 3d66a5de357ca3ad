//! What the engine's unit tests share.

mod memory;
mod world;

pub(super) use memory::Memory;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use super::{Completion, ConnectionEvent, Lengths, Receiver};
use crate::settings::{Endpoint, Names, Settings};

/// The arguments `i`, `1` and `x` of a call.
pub(super) fn write_ids(text: &mut Vec<u8>) -> Result<Lengths, ()> {
    text.extend_from_slice(b"i1x");
    Ok(Lengths {
        prefix: 0,
        integration: 1,
        first: 1,
        second: 1,
    })
}

/// Settings that say nothing of a place.
pub(super) fn settings() -> Arc<Settings> {
    let endpoint = Endpoint::Unix("memory".into());
    Arc::new(Settings {
        server: endpoint.label(),
        endpoint,
        tls: None,
        username: None,
        password: None,
        db: 0,
        fallback_db: None,
        offline_queue: true,
        names: Names::new(&HashMap::new()),
        connect_timeout: Duration::from_secs(1),
        response_timeout: Duration::from_secs(5),
    })
}

struct Results(Sender<Completion<u32>>);

/// A receiver of a link's results, and where they come out.
pub(super) fn results() -> (Arc<dyn Receiver<u32>>, mpsc::Receiver<Completion<u32>>) {
    let (sender, results) = mpsc::channel();
    (Arc::new(Results(sender)), results)
}

impl Receiver<u32> for Results {
    fn settle(&self, done: &mut Vec<Completion<u32>>) {
        for result in done.drain(..) {
            // A test that has seen enough is gone.
            let _ = self.0.send(result);
        }
    }

    fn stalled(&self) {}

    fn connection(&self, event: ConnectionEvent) {
        eprintln!("{event:?}");
    }
}

impl crate::backend::Deletion for () {
    fn new(_: &[u8]) {}
}

/// Numbers by chance, the same for the same seed (splitmix64).
pub(super) struct Random(u64);

impl Random {
    /// The numbers of that seed.
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
