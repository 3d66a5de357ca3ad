//! Notices a connection that owes replies and brings nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The silence is told by so many ticks in a row without a byte. Ticks, since a look at the clock with
/// each reply would cost more; several, since a process that was stopped for long finds one due
/// when it goes on, with the replies it missed still unread.
const TICKS: u32 = 4;

/// How long a connection has been silent while it owed replies, to a tick of a quarter of the limit.
pub(super) struct ResponseTimeout {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    quiet_ticks: u32,
    was_heard: bool,
}

impl ResponseTimeout {
    /// ResponseTimeout that is too long after `limit`.
    pub(super) fn new(limit: Duration) -> ResponseTimeout {
        ResponseTimeout {
            limit,
            timer: None,
            quiet_ticks: 0,
            was_heard: false,
        }
    }

    /// Bytes came in, or the connection owes its first reply.
    pub(super) fn heard(&mut self) {
        self.was_heard = true;
    }

    /// Nothing is owed: no timer runs.
    pub(super) fn rest(&mut self) {
        self.timer = None;
    }

    /// Resolves when the connection, which owes replies, has been silent for too long.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let tick = self.limit / TICKS;
        let timer = self.timer.get_or_insert_with(|| {
            self.quiet_ticks = 0;
            self.was_heard = false;
            Box::pin(sleep_until(Instant::now() + tick))
        });
        while timer.as_mut().poll(context).is_ready() {
            if std::mem::take(&mut self.was_heard) {
                self.quiet_ticks = 0;
            } else {
                self.quiet_ticks += 1;
            }
            if self.quiet_ticks == TICKS {
                let limit = self.limit.as_millis();
                let reason = format!("nothing came back for {limit} ms (responseTimeout)");
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, reason));
            }
            timer.as_mut().reset(Instant::now() + tick);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_the_last_byte() {
        let mut silence = ResponseTimeout::new(Duration::from_millis(400));
        let start = Instant::now();
        let mut naps = 0;
        let error = poll_fn(|context| {
            if naps < 3 && start.elapsed() >= Duration::from_millis(300 * (naps + 1)) {
                naps += 1;
                silence.heard();
            }
            silence.poll(context)
        })
        .await;
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let silent = start.elapsed() - Duration::from_millis(900);
        assert!(silent >= Duration::from_millis(400), "{silent:?}");
        assert!(silent <= Duration::from_millis(520), "{silent:?}");
    }
}
