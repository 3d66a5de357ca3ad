//! The I/O thread: one a process, shared by all queues, parked while none has anything to do.

use std::io;
use std::sync::Mutex;
use std::thread;

use tokio::runtime::{Builder, Handle};

static HANDLE: Mutex<Option<Handle>> = Mutex::new(None);

/// The I/O thread, which starts when it is asked for first. Who runs on a runtime already is served there.
pub(super) fn handle() -> io::Result<Handle> {
    if let Ok(current) = Handle::try_current() {
        return Ok(current);
    }
    let mut handle = HANDLE.lock().unwrap_or_else(|poison| poison.into_inner());
    match &*handle {
        Some(running) => Ok(running.clone()),
        None => Ok(handle.insert(start()?).clone()),
    }
}

fn start() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name(env!("CARGO_PKG_NAME").to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}
