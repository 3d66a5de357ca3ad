//! When to look at deadlines: one timer a link, and none while nothing waits.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep_until};

/// Deadlines that lie closer together than this are seen in one look.
const GRAIN: Duration = Duration::from_millis(20);

/// The next moment to look.
#[derive(Default)]
pub struct Clock {
    next: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    /// Looks at `moment` at the latest, but for the grain.
    pub fn watch(&mut self, moment: Instant) {
        let moment = moment + GRAIN;
        if self.next.is_none_or(|next| moment < next) {
            self.next = Some(moment);
        }
    }

    /// Whether it is time to look. The clock is stopped then.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.next.is_some_and(|next| next <= now);
        if is_due {
            self.stop();
        }
        is_due
    }

    /// Forgets the next look.
    pub fn stop(&mut self) {
        self.next = None;
        self.timer = None;
    }

    /// Resolves at the next look, never when there is none.
    pub async fn ring(&mut self) {
        let Some(next) = self.next else {
            return std::future::pending().await;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(next.into())));
        if timer.deadline() != next.into() {
            timer.as_mut().reset(next.into());
        }
        timer.await;
    }
}
