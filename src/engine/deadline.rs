//! When to look at deadlines: one timer a queue, and none while nothing waits.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Deadlines that lie closer together than this are seen in one look.
const GRAIN: Duration = Duration::from_millis(20);

/// The next moment to look at them.
#[derive(Default)]
pub(super) struct Deadlines {
    next: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadlines {
    /// Looks at `moment` at the latest, but for the grain.
    pub(super) fn watch(&mut self, moment: Instant) {
        let moment = moment + GRAIN;
        if self.next.is_none_or(|next| moment < next) {
            self.next = Some(moment);
        }
    }

    /// Whether it is time to look. No look is due after that.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.next.is_some_and(|next| next <= now);
        if is_due {
            self.stop();
        }
        is_due
    }

    /// Forgets the next look.
    pub(super) fn stop(&mut self) {
        self.next = None;
        self.timer = None;
    }

    /// Resolves at the next look, never when there is none.
    pub(super) async fn next(&mut self) {
        let Some(next) = self.next else {
            return std::future::pending().await;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(next)));
        if timer.deadline() != next {
            timer.as_mut().reset(next);
        }
        timer.await;
    }
}
