//! What is sent, and what its answers do.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Driver, NEAR};
use crate::backend::{Answers, Backend, Outcome, Session};
use crate::engine::AnswersOf;
use crate::engine::barrier::Item;
use crate::engine::batch::Rules;
use crate::engine::pending::Pending;
use crate::engine::queue::{ConnectionEvent, Stage};
use crate::engine::replay::Replay;
use crate::settings::Settings;

impl<T: Send + 'static, B: Backend> Driver<T, B> {
    /// Sends what waits, as far as the session allows; opens one when there is none.
    pub(super) fn send(&mut self) {
        if self.refusal.is_some() {
            return;
        }
        while let Some(item) = self.pending.waiting.front() {
            let settings = item.batch().settings.clone();
            let Some(session) = self.reconnect.session(&settings) else {
                // A session with other settings first brings home what it carries.
                if self.pending.in_flight.is_empty()
                    && self.reconnect.connect(&settings, self.proof)
                {
                    self.tell(ConnectionEvent::Connecting(settings.server.clone()));
                }
                return;
            };
            if !session.has_room() || !self.pending.may_send() {
                return;
            }
            if !self.pending.defer_deletion() {
                self.send_first(&settings);
            }
        }
        if self.pending.in_flight.is_empty() && !self.reconnect.is_connected() {
            self.reconnect.rest();
        }
    }

    /// Sends the first of what waits. It stays in `pending` throughout, so that a panic would find
    /// it there and fail it.
    fn send_first(&mut self, settings: &Arc<Settings>) {
        let now = Instant::now();
        let trouble = self.trouble_now();
        let Pending {
            waiting,
            in_flight,
            barrier,
            completions,
            ..
        } = &mut self.pending;
        let Some((item, session)) = waiting.front_mut().zip(self.reconnect.session(settings))
        else {
            return;
        };
        item.batch_mut().fail(completions, |batch, entry| {
            (entry.deadline <= now).then(|| trouble.of_overdue(&batch.settings))
        });
        if item.batch().is_settled() {
            if let Some(Item::Deletion(deletion)) = waiting.pop_front() {
                barrier.release(deletion.stem(), waiting);
            }
            return;
        }
        panic_if_asked("send");
        match item {
            Item::Calls(batch) => batch.send(session),
            Item::Deletion(deletion) => {
                if session.is_new_to(&deletion.deletion) {
                    let entry = &mut deletion.call.entries[0];
                    entry.attempts = entry.attempts.saturating_add(1);
                }
                if let Err(error) = session.step(&mut deletion.deletion) {
                    deletion.call.finish(Err(error), completions);
                    let stem = deletion.stem().to_vec();
                    waiting.pop_front();
                    barrier.release(&stem, waiting);
                    return;
                }
            }
        }
        if in_flight.is_empty() {
            self.moved_at = now;
        }
        self.pending.sent();
    }

    /// Takes in the answers to what was sent first. It stays in `pending` meanwhile, see `send_first`.
    pub(super) fn complete(&mut self, mut answers: AnswersOf<B>, stage: Stage) {
        panic_if_asked("complete");
        self.was_light = self.is_light() && self.moved_at.elapsed() <= NEAR;
        self.moved_at = Instant::now();
        let Pending {
            in_flight,
            replay,
            completions,
            ..
        } = &mut self.pending;
        let Some(item) = in_flight.front_mut() else {
            return;
        };
        let may_wait = item.batch().settings.offline_queue;
        let waits = may_wait && stage != Stage::Closing;
        let refusal = match item {
            Item::Calls(batch) => {
                let rules = Rules { waits, lost: None };
                let next = |operation, history: &mut _| answers.next(operation, history);
                batch.settle(next, rules, replay, completions)
            }
            Item::Deletion(deletion) => match answers.step(&mut deletion.deletion) {
                Some(Outcome::Settled(result)) => {
                    deletion.call.finish(result, completions);
                    None
                }
                Some(Outcome::Refused(error)) if waits => {
                    let entry = &mut deletion.call.entries[0];
                    entry.refusals = entry.refusals.saturating_add(1);
                    Some((error, entry.refusals))
                }
                Some(Outcome::Refused(error)) => {
                    deletion.call.finish(Err(error), completions);
                    None
                }
                None | Some(Outcome::Lost | Outcome::Again(_)) => None,
            },
        };
        if self.refusal.is_none() {
            self.refusal = refusal;
        }
        let nonsense = answers.nonsense();
        if let Some(error) = &nonsense
            && !may_wait
        {
            item.batch_mut().finish(Err(error.clone()), completions);
            *replay = Replay::default();
        }
        self.completed(nonsense.is_some());
        if let Some(error) = nonsense {
            return self.lose(error, false);
        }
        if let Some((error, times)) = &self.refusal {
            if self.pending.in_flight.is_empty() {
                let error = error.clone();
                self.reconnect.wait_out(*times);
                self.lose(error, false);
            }
            return;
        }
        self.reconnect.reset_backoff();
        self.trouble = None;
        self.proof = Duration::ZERO;
    }

    /// Puts what was sent first where it belongs now that it is answered.
    fn completed(&mut self, is_over: bool) {
        let is_given_up = is_over || self.refusal.is_some();
        let Some(item) = self.pending.complete() else {
            return;
        };
        let goes_on = !is_given_up && !item.batch().is_settled();
        match item {
            Item::Deletion(_) if goes_on => self.pending.waiting.push_front(item),
            Item::Calls(_) if goes_on => {
                // Before the deletions that were made after them.
                self.pending.start_deletions();
                self.pending.waiting.push_front(item);
                return;
            }
            item => self.pending.refuse(item),
        }
        self.pending.start_deletions();
    }
}

/// In debug builds, panics at the place that the environment names, for the test of what follows.
fn panic_if_asked(place: &str) {
    if cfg!(debug_assertions) {
        let asked = std::env::var_os("KEY_STORE_PANIC");
        assert!(asked.is_none_or(|asked| asked != place), "asked for");
    }
}
