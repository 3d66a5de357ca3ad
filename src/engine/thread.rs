//! The I/O thread: one a process, shared by all queues, parked while none has anything to do.

use std::future::Future;
use std::io;
use std::sync::Mutex;
use std::thread;

use tokio::runtime::{Builder, Handle};

static HANDLE: Mutex<Option<Handle>> = Mutex::new(None);

/// Runs `task` on the I/O thread, which starts with the first one. Who runs on a runtime already is
/// served there.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    if let Ok(current) = Handle::try_current() {
        current.spawn(task);
        return Ok(());
    }
    let mut handle = HANDLE.lock().unwrap_or_else(|poison| poison.into_inner());
    let running = match &*handle {
        Some(running) => running.clone(),
        None => handle.insert(start()?).clone(),
    };
    running.spawn(task);
    Ok(())
}

fn start() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name(env!("CARGO_PKG_NAME").to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}
