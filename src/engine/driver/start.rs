//! A driver gets its thread, or does what it can without one.

use std::io;

use super::Driver;
use crate::backend::Backend;
use crate::engine::queue::{ConnectionEvent, Stage};
use crate::engine::thread;
use crate::error::Error;

impl<T: Send + 'static, B: Backend> Driver<T, B> {
    /// Runs on the I/O thread. Gives the driver back when there can be none now, and calls wait for it.
    pub(in crate::engine) fn start(self) -> Option<Driver<T, B>> {
        match thread::handle() {
            Ok(thread) => {
                thread.spawn(self.run());
                None
            }
            Err(error) => self.stall(&error),
        }
    }

    /// Does without a thread what cannot wait for one.
    fn stall(mut self, error: &io::Error) -> Option<Driver<T, B>> {
        let stage = self.take(false);
        if stage == Stage::Abandoned {
            self.has_ended = true;
            return None;
        }
        if let Some(item) = self.pending.waiting.front()
            && self.trouble.is_none()
        {
            let server = item.batch().settings.server.clone();
            let reason = format!("no thread can be started for it ({error})").into();
            let error = Error::Shortage {
                server: server.clone(),
                reason,
            };
            self.tell(ConnectionEvent::Failed(server, error.clone()));
            self.trouble = Some(error);
        }
        self.check_deadlines();
        let trouble = self.trouble.clone();
        self.pending.fail(|batch, _| {
            let waits = batch.settings.offline_queue && stage != Stage::Closing;
            trouble.clone().filter(|_| !waits)
        });
        self.deliver();
        if self.pending.is_empty() && self.retire() {
            return None;
        }
        self.queue.receiver.stalled();
        Some(self)
    }
}
