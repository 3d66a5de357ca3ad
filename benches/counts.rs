//! What `npm run counts` has valgrind count: calls as they go from [`Submission::push`] through the driver,
//! the session and its connection to [`Receiver::settle`], in batches of 128.
//!
//! `counts save 40` makes 40 batches of saves and ends. All of it happens on the I/O thread, one
//! step after the other, so that each run takes the same steps: results that arrive push the next
//! batch, and the server is a task of the same thread that knows its replies beforehand. What it
//! does is counted too, some instructions a call; what the kernel does is not, nor is Node.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::time::Instant;

use backend::redis::Redis;
use call::{Answer, Operation};
use engine::{Call, Completion, ConnectionEvent, Lengths, Queue, Receiver, Submission};
use settings::{Endpoint, Names, Settings};

mod counts_server;

use counts_server::serve;

// The addon is a cdylib, which no other program can use, and as an rlib too it would lose its
// link-time optimization: so its sources are taken in here, all but `node`.
#[allow(dead_code, reason = "the addon uses it")]
#[path = "../src/backend/mod.rs"]
mod backend;
#[allow(dead_code, reason = "the addon uses it")]
#[path = "../src/call.rs"]
mod call;
#[allow(dead_code, unused_imports, reason = "the addon uses it")]
#[path = "../src/engine/mod.rs"]
mod engine;
#[allow(dead_code, reason = "the addon uses it")]
#[path = "../src/error/mod.rs"]
mod error;
#[allow(dead_code, reason = "the addon uses it")]
#[path = "../src/key.rs"]
mod key;
#[allow(dead_code, unused_imports, reason = "the addon uses it")]
#[path = "../src/settings/mod.rs"]
mod settings;

/// One full pipeline.
const BATCH: usize = 128;

const INTEGRATION: &str = "0123456789abcdef0123456789abcdef";
const BOTMATIC_ID: &str = "100001";
const EXTERNAL_ID: &str = "ext-100001";

/// No timer is to end within a run, however slow.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// One call, made again and again.
struct Caller {
    operation: Operation,
    ids: [&'static str; 2],
    reply: &'static [u8],
    settings: Arc<Settings>,
    burst: OnceLock<Mutex<Submission<(), Redis>>>,
    batches_left: AtomicUsize,
}

impl Caller {
    fn push(&self, calls: usize) {
        let Ok(mut burst) = self.burst.wait().lock() else {
            stop(&"a push panicked");
        };
        for _ in 0..calls {
            let call = Call {
                operation: self.operation,
                deadline: Instant::now() + LONG,
                ticket: (),
            };
            let pushed = burst.push(&self.settings, call, |text| {
                let [first, second] = self.ids;
                for argument in [INTEGRATION, first, second] {
                    text.extend_from_slice(argument.as_bytes());
                }
                Ok::<_, Infallible>(Lengths {
                    prefix: 0,
                    integration: INTEGRATION.len() as u32,
                    first: first.len() as u32,
                    second: second.len() as u32,
                })
            });
            assert!(pushed.is_ok());
        }
        burst.end(calls);
    }
}

impl Receiver<()> for Caller {
    fn settle(&self, done: &mut Vec<Completion<()>>) {
        for Completion { result, .. } in done.drain(..) {
            if !matches!(result, Ok(Answer::Yes | Answer::Id(_))) {
                stop(&result);
            }
        }
        match self.batches_left.fetch_sub(1, Ordering::Relaxed) {
            // At once, or how far the other thread comes would be counted.
            0 => exit(0),
            _ => self.push(BATCH),
        }
    }

    fn stalled(&self) {}

    fn connection(&self, event: ConnectionEvent) {
        match (event, &self.settings.endpoint) {
            // Comes on the I/O thread, before anything connects.
            (ConnectionEvent::Connecting(_), Endpoint::Unix(path)) => {
                match UnixListener::bind(path) {
                    Ok(listener) => drop(tokio::spawn(serve(listener, self.reply, BATCH))),
                    Err(error) => stop(&error),
                }
            }
            (ConnectionEvent::Ready(path), _) => drop(std::fs::remove_file(&*path)),
            (event, _) => stop(&event),
        }
    }
}

fn stop(reason: &dyn Debug) -> ! {
    eprintln!("{reason:?}");
    exit(1);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, name, batches] = arguments.as_slice() else {
        stop(&"the name of a call and a number of batches, please");
    };
    let (operation, ids, reply): (_, _, &[u8]) = match name.as_str() {
        "save" => (Operation::SaveIds, [BOTMATIC_ID, EXTERNAL_ID], b"+OK\r\n"),
        "lookup" => (
            Operation::GetExtId,
            [BOTMATIC_ID, ""],
            b"$10\r\next-100001\r\n",
        ),
        "delete" => (Operation::DeleteIds, [BOTMATIC_ID, EXTERNAL_ID], b":2\r\n"),
        _ => stop(&"save, lookup or delete"),
    };
    let socket = std::env::temp_dir().join(format!("key-store-counts-{}", std::process::id()));
    let endpoint = Endpoint::Unix(socket);
    let caller = Arc::new(Caller {
        operation,
        ids,
        reply,
        settings: Arc::new(Settings {
            server: endpoint.label(),
            endpoint,
            tls: None,
            username: None,
            password: None,
            db: 0,
            fallback_db: None,
            offline_queue: false,
            names: Names::new(&HashMap::new()),
            // A login that the stub does not answer as it should ends the program.
            connect_timeout: Duration::from_secs(30),
            response_timeout: LONG,
        }),
        burst: OnceLock::new(),
        batches_left: AtomicUsize::new(batches.parse().unwrap_or_else(|error| stop(&error))),
    });
    let queue = Queue::new(Redis::default(), caller.clone());
    caller
        .burst
        .get_or_init(|| Mutex::new(Submission::new(queue)));
    caller.push(1);
    loop {
        std::thread::park();
    }
}
