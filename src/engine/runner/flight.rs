//! What goes out in one go, and what its replies do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{NEAR, Runner, overdue};
use crate::backend::{CameFor, Outcome};
use crate::engine::batch::Rules;
use crate::engine::link::Note;
use crate::engine::order::Item;
use crate::engine::pending::Pending;
use crate::options::Settings;

impl<T: Send + 'static> Runner<T> {
    /// Sends what waits, as far as the connection allows; opens one when there is none.
    pub(super) fn send(&mut self) {
        if self.refusal.is_some() {
            return;
        }
        while let Some(item) = self.pending.waiting.front_mut() {
            let settings = item.batch_mut().settings.clone();
            let Some(session) = self.line.session(&settings) else {
                // A connection with other settings first brings home what it carries.
                if self.pending.flights.is_empty() && self.line.open(&settings, self.proof) {
                    self.note(Note::Connecting(settings.server.clone()));
                }
                return;
            };
            if !session.has_room() || !self.pending.may_send() {
                return;
            }
            if !self.pending.defer_walk() {
                self.take_off(&settings);
            }
        }
        if self.pending.flights.is_empty() && !self.line.is_up() {
            // Nobody waits for the connection that is being opened.
            self.line.end();
        }
    }

    /// Sends the first of what waits. It stays in `pending` throughout, so that a panic would find
    /// it there and fail it.
    fn take_off(&mut self, settings: &Arc<Settings>) {
        let now = Instant::now();
        let trouble = self.trouble_now();
        let Pending {
            waiting,
            flights,
            held,
            done,
            ..
        } = &mut self.pending;
        let Some((item, session)) = waiting.front_mut().zip(self.line.session(settings)) else {
            return;
        };
        item.batch_mut().fail(done, |batch, entry| {
            (entry.deadline <= now).then(|| overdue(trouble.clone(), &batch.settings))
        });
        if item.batch_mut().is_settled() {
            if let Some(Item::Wipe(walk)) = waiting.pop_front() {
                held.release(walk.stem(), waiting);
            }
            return;
        }
        panic_if_asked("send");
        match item {
            Item::Calls(batch) => batch.send(session),
            Item::Wipe(walk) => {
                if session.is_new_to(&walk.deletion) {
                    let entry = &mut walk.call.entries[0];
                    entry.attempts = entry.attempts.saturating_add(1);
                }
                session.step(&mut walk.deletion);
            }
        }
        if flights.is_empty() {
            self.moved_at = now;
        }
        self.pending.take_off();
    }

    /// Takes in what came back for the first flight. It stays in `pending` meanwhile, see `take_off`.
    pub(super) fn land(&mut self, mut came: CameFor, is_closing: bool) {
        panic_if_asked("land");
        self.was_light = self.is_light() && self.moved_at.elapsed() <= NEAR;
        self.moved_at = Instant::now();
        let Pending {
            flights,
            again,
            done,
            ..
        } = &mut self.pending;
        let Some(item) = flights.front_mut() else {
            return;
        };
        let waits = item.batch_mut().settings.retry && !is_closing;
        let refusal = match item {
            Item::Calls(batch) => {
                let rules = Rules { waits, lost: None };
                batch.settle(|op, earlier| came.next(op, earlier), rules, again, done)
            }
            Item::Wipe(walk) => match came.step(&mut walk.deletion) {
                Some(Outcome::Settled(result)) => {
                    walk.call.finish(result, done);
                    None
                }
                Some(Outcome::Refused(error)) if waits => {
                    let entry = &mut walk.call.entries[0];
                    entry.refusals = entry.refusals.saturating_add(1);
                    Some((error, entry.refusals))
                }
                Some(Outcome::Refused(error)) => {
                    walk.call.finish(Err(error), done);
                    None
                }
                None | Some(Outcome::Lost | Outcome::Nonsense(_)) => None,
            },
        };
        if self.refusal.is_none() {
            self.refusal = refusal;
        }
        let nonsense = came.nonsense();
        self.landed(nonsense.is_some());
        if let Some(error) = nonsense {
            return self.lose(error);
        }
        if let Some((error, times)) = &self.refusal {
            if self.pending.flights.is_empty() {
                let error = error.clone();
                self.line.wait_out(*times);
                self.lose(error);
            }
            return;
        }
        self.line.reset_backoff();
        self.trouble = None;
        self.proof = Duration::ZERO;
    }

    /// Puts the first flight where it belongs now that it has landed.
    fn landed(&mut self, is_over: bool) {
        let is_given_up = is_over || self.refusal.is_some();
        match self.pending.land() {
            Some(item @ Item::Wipe(_)) if !is_given_up && !item.batch().is_settled() => {
                self.pending.waiting.push_front(item);
            }
            Some(item) => self.pending.refuse(item),
            None => {}
        }
        self.pending.start_walks();
    }
}

/// In debug builds, panics at the place that the environment names, for the test of what follows.
fn panic_if_asked(place: &str) {
    if cfg!(debug_assertions) {
        let asked = std::env::var_os("JS_REDIS_KEY_STORE_PANIC");
        assert!(asked.is_none_or(|asked| asked != place), "asked for");
    }
}
