//! What goes out in one go, and what its replies do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{NEAR, Runner, overdue};
use crate::backend::MAX_UNDER_WAY;
use crate::engine::link::Note;
use crate::engine::order::Item;
use crate::engine::pending::{Flight, Pending};
use crate::error::Error;
use crate::options::Settings;
use crate::resp::Reply;
use crate::store::{Answer, Step};

impl<T: Send + 'static> Runner<T> {
    /// Sends what waits, as far as the connection allows; opens one when there is none.
    pub(super) fn send(&mut self) {
        if self.refusal.is_some() {
            return;
        }
        while let Some(item) = self.pending.waiting.front_mut() {
            let settings = item.batch_mut().settings.clone();
            if self.line.session(&settings).is_none() {
                // A connection with other settings first brings home what it carries.
                if self.pending.flights.is_empty() && self.line.open(&settings, self.proof) {
                    self.note(Note::Connecting(settings.server.clone()));
                }
                return;
            }
            if self.pending.flights.len() == MAX_UNDER_WAY || !self.pending.may_send() {
                return;
            }
            self.take_off(&settings);
        }
        if self.pending.flights.is_empty() && !self.line.is_up() {
            // Nobody waits for the connection that is being opened.
            self.line.drop_connection();
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
        let mut master = 0;
        let commands = match item {
            Item::Calls(batch) => {
                batch.entries.retain(|entry| entry.ticket.is_some());
                for entry in &mut batch.entries {
                    entry.attempts = entry.attempts.saturating_add(1);
                }
                batch.commands()
            }
            Item::Wipe(walk) => {
                if walk.wipe.is_at_start() {
                    let entry = &mut walk.call.entries[0];
                    entry.attempts = entry.attempts.saturating_add(1);
                }
                master = walk.wipe.master();
                walk.wipe.next(&settings.names, session.masters())
            }
        };
        let replies = session.send(commands, master);
        if flights.is_empty() {
            self.moved_at = now;
            self.clock.watch(now + settings.response_timeout);
        }
        if let Some(item) = waiting.pop_front() {
            flights.push_back(Flight { item, replies });
        }
    }

    /// Takes in the replies to the first flight. It stays in `pending` meanwhile, see `take_off`.
    pub(super) fn land(&mut self, replies: Vec<Reply>, is_closing: bool) {
        panic_if_asked("land");
        self.was_light = self.is_light() && self.moved_at.elapsed() <= NEAR;
        let Pending {
            waiting,
            flights,
            refused,
            held,
            done,
        } = &mut self.pending;
        let Some(Flight { item, .. }) = flights.front_mut() else {
            return;
        };
        self.moved_at = Instant::now();
        let waits = item.batch_mut().settings.retry && !is_closing;
        let refusal = &mut self.refusal;
        match item {
            Item::Calls(batch) => batch.settle(replies.into_iter(), waits, refusal, done),
            Item::Wipe(walk) if refusal.is_some() => walk.wipe.restart(),
            Item::Wipe(walk) => match walk.wipe.advance(replies, &walk.call.settings.server) {
                Ok(Step::More) => {}
                Err(error) if waits && error.passes() => {
                    walk.wipe.restart();
                    *refusal = Some(error);
                }
                result => walk.call.finish(result.map(|_| Answer::Yes), done),
            },
        }
        let Some(Flight { item, .. }) = flights.pop_front() else {
            return;
        };
        match (refusal, item) {
            (Some(error), item) => {
                refused.push(item);
                if flights.is_empty() || matches!(error, Error::Protocol { .. }) {
                    let error = error.clone();
                    self.give_up(error);
                }
                return;
            }
            (None, Item::Wipe(walk)) if walk.call.is_settled() => {
                held.release(walk.stem(), waiting);
            }
            (None, item @ Item::Wipe(_)) => waiting.push_front(item),
            (None, Item::Calls(_)) => {}
        }
        self.line.reset_backoff();
        self.trouble = None;
        self.proof = Duration::ZERO;
    }
}

/// In debug builds, panics at the place that the environment names, for the test of what follows.
fn panic_if_asked(place: &str) {
    if cfg!(debug_assertions) {
        let asked = std::env::var_os("JS_REDIS_KEY_STORE_PANIC");
        assert!(asked.is_none_or(|asked| asked != place), "asked for");
    }
}
