//! What the engine's unit tests share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use super::{Completion, ConnectionEvent, Lengths, Receiver};
use crate::settings::{Address, Endpoint, Names, Settings};

/// The arguments `i`, `1` and `x` of a call.
pub fn write_ids(text: &mut Vec<u8>) -> Result<Lengths, ()> {
    text.extend_from_slice(b"i1x");
    Ok(Lengths {
        prefix: 0,
        integration: 1,
        first: 1,
        second: 1,
    })
}

/// Settings for a port of this machine.
pub fn settings(port: u16) -> Arc<Settings> {
    let endpoint = Endpoint::Tcp {
        address: Address {
            host: "127.0.0.1".to_owned(),
            port,
        },
        family: None,
    };
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
pub fn results() -> (Arc<dyn Receiver<u32>>, mpsc::Receiver<Completion<u32>>) {
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

    fn connection(&self, event: ConnectionEvent) {
        eprintln!("{event:?}");
    }
}

impl crate::backend::Deletion for () {
    fn new(_: &[u8]) {}
}
