//! The loop that works off a link on the I/O thread: calls are taken from the queue, sent in order,
//! answered, sent again when the connection was lost, failed when their time is over.

use std::sync::Arc;
use std::time::Instant;

use redis::{Pipeline, RedisError, RedisResult, Value};

use super::batch::Done;
use super::deadline::Clock;
use super::line::{Line, Signal};
use super::link::{Found, Link, Note};
use super::order::Item;
use super::pending::{Flight, Pending};
use crate::backend::{self, Connection, Refusal};
use crate::error::Error;
use crate::options::Settings;
use crate::store::{self, Answer, Step};

/// Works off one link.
pub struct Runner<T: Send + 'static> {
    link: Arc<Link<T>>,
    pending: Pending<T>,
    line: Line,
    /// Why there is no connection, when an attempt has failed.
    trouble: Option<Error>,
    /// When a flight last landed, or the first of them took off.
    moved_at: Instant,
    clock: Clock,
    /// Room to build a key in.
    scratch: Vec<u8>,
    has_ended: bool,
}

enum Event {
    Replies(RedisResult<Vec<Value>>),
    Line(Signal),
    Bell,
    Clock,
}

impl<T: Send + 'static> Runner<T> {
    /// A runner for a link that has none.
    pub fn new(link: Arc<Link<T>>) -> Runner<T> {
        Runner {
            pending: Pending::new(),
            line: Line::new(link.traffic.clone()),
            link,
            trouble: None,
            moved_at: Instant::now(),
            clock: Clock::default(),
            scratch: Vec::new(),
            has_ended: false,
        }
    }

    /// Runs until the link is closed and all its calls are settled.
    pub async fn run(mut self) {
        loop {
            let Found::Calls { is_closing } = self.take() else {
                self.has_ended = true;
                return;
            };
            self.look();
            self.send();
            self.deliver();
            if self.pending.is_empty() {
                self.clock.stop();
                if is_closing {
                    // Whoever closed it may look on the server whether it is gone.
                    self.line.close().await;
                    if self.retire() {
                        return;
                    }
                }
            }
            match self.event().await {
                Event::Replies(Ok(values)) => self.land(values, is_closing),
                Event::Replies(Err(error)) => self.break_off(&error),
                Event::Line(Signal::Ended) => self.lose("the server closed it".into()),
                Event::Line(Signal::Opened(result)) => self.opened(result, is_closing),
                Event::Bell | Event::Clock => {}
            }
        }
    }

    fn note(&self, note: Note) {
        self.link.receiver.note(note);
    }

    fn deliver(&mut self) {
        if !self.pending.done.is_empty() {
            self.link.receiver.settle(&mut self.pending.done);
        }
    }

    fn take(&mut self) -> Found {
        let Runner {
            link,
            pending,
            clock,
            ..
        } = self;
        link.take(|batch| {
            let deadlines = batch.entries.iter().map(|entry| entry.deadline);
            if let Some(first) = deadlines.min() {
                clock.watch(first);
            }
            pending.add(batch);
        })
    }

    async fn event(&mut self) -> Event {
        let Runner {
            link,
            pending,
            line,
            clock,
            ..
        } = self;
        let replies = async {
            match pending.flights.front_mut() {
                Some(flight) => (&mut flight.replies).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            result = replies => Event::Replies(result),
            signal = line.signal() => Event::Line(signal),
            () = link.bell.notified() => Event::Bell,
            () = clock.ring() => Event::Clock,
        }
    }

    /// Sends what waits, as far as the connection allows; opens one when there is none.
    fn send(&mut self) {
        while let Some(item) = self.pending.waiting.front_mut() {
            let settings = item.batch_mut().settings.clone();
            if self.line.connection(&settings).is_none() {
                // A connection with other settings first brings home what it carries.
                if self.pending.flights.is_empty() && self.line.open(&settings) {
                    self.note(Note::Connecting(settings.server.clone()));
                }
                return;
            }
            if self.pending.flights.len() == Connection::MAX_UNDER_WAY {
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
        } = &mut self.pending;
        let Some((item, connection)) = waiting.front_mut().zip(self.line.connection(settings))
        else {
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
        let pipeline = match item {
            Item::Calls(batch) => {
                batch.entries.retain(|entry| entry.ticket.is_some());
                let mut pipeline = Pipeline::with_capacity(batch.entries.len());
                for entry in &mut batch.entries {
                    entry.attempts = entry.attempts.saturating_add(1);
                }
                for entry in &batch.entries {
                    let args = batch.args(entry);
                    let (names, scratch) = (&settings.names, &mut self.scratch);
                    store::write(entry.op, args, names, scratch, &mut pipeline);
                }
                pipeline
            }
            Item::Wipe(walk) => {
                if walk.wipe.is_at_start() {
                    let entry = &mut walk.call.entries[0];
                    entry.attempts = entry.attempts.saturating_add(1);
                }
                walk.wipe.next(&settings.names)
            }
        };
        let replies = connection.send(pipeline);
        if flights.is_empty() {
            self.moved_at = now;
            self.clock.watch(now + settings.response_timeout);
        }
        if let Some(item) = waiting.pop_front() {
            flights.push_back(Flight { item, replies });
        }
    }

    /// Takes in the replies to the first flight. It stays in `pending` meanwhile, see `take_off`.
    fn land(&mut self, values: Vec<Value>, is_closing: bool) {
        panic_if_asked("land");
        let Pending {
            waiting,
            flights,
            held,
            done,
        } = &mut self.pending;
        let Some(Flight { item, .. }) = flights.front_mut() else {
            return;
        };
        self.moved_at = Instant::now();
        let waits = item.batch_mut().settings.retry && !is_closing;
        let stopped = match item {
            Item::Calls(batch) => batch.settle(values.into_iter(), waits, done),
            Item::Wipe(walk) => match walk.wipe.advance(values, &walk.call.settings.server) {
                Ok(Step::More) => None,
                Err(error) if waits && error.passes() => {
                    walk.wipe.restart();
                    Some(error)
                }
                result => {
                    walk.call.finish(result.map(|_| Answer::Yes), done);
                    None
                }
            },
        };
        if let Some(error) = stopped {
            // Apart from the others: of these calls it is known which were carried out.
            let first = flights.pop_front();
            self.pending.take_back();
            if let Some(Flight { item, .. }) = first {
                self.pending.waiting.push_front(item);
            }
            return self.give_up(error);
        }
        match flights.pop_front().map(|flight| flight.item) {
            Some(Item::Wipe(walk)) if walk.call.is_settled() => held.release(walk.stem(), waiting),
            Some(item @ Item::Wipe(_)) => waiting.push_front(item),
            _ => {}
        }
        self.line.reset_backoff();
        self.trouble = None;
    }

    fn break_off(&mut self, error: &RedisError) {
        if let Some(settings) = self.line.settings() {
            let error = backend::broken(&settings.server, error);
            self.give_up(error);
        }
    }

    fn lose(&mut self, reason: Arc<str>) {
        if let Some(settings) = self.line.settings() {
            let server = settings.server.clone();
            self.give_up(Error::Unreachable { server, reason });
        }
    }

    /// The connection is gone: what it carried goes first on the next one.
    fn give_up(&mut self, error: Error) {
        if let Some(settings) = self.line.settings() {
            self.note(Note::Lost(settings.server.clone(), error.clone()));
        }
        self.line.drop_connection();
        self.pending.take_back();
        self.pending
            .fail(|batch, entry| (entry.is_resent && !batch.settings.retry).then(|| error.clone()));
        self.trouble = Some(error);
    }

    fn opened(&mut self, result: Result<(), Refusal>, is_closing: bool) {
        let Some(settings) = self.line.settings().cloned() else {
            return;
        };
        match result {
            Ok(()) => self.note(Note::Ready(settings.server.clone())),
            Err(Refusal { error, is_final }) => {
                self.note(Note::Failed(settings.server.clone(), error.clone()));
                if is_final {
                    self.line.reset_backoff();
                }
                if is_final || is_closing || !settings.retry {
                    self.pending.fail(|batch, _| {
                        Arc::ptr_eq(&batch.settings, &settings).then(|| error.clone())
                    });
                }
                self.trouble = Some(error);
            }
        }
    }

    /// Fails the calls whose deadline is over, and gives up a connection that owes an answer.
    fn look(&mut self) {
        let now = Instant::now();
        if !self.clock.is_due(now) {
            return;
        }
        if let Some(flight) = self.pending.flights.front_mut() {
            let timeout = flight.item.batch_mut().settings.response_timeout;
            // A long reply counts while it comes in.
            let end = self.moved_at.max(self.link.traffic.heard_at()) + timeout;
            if now >= end {
                self.lose(format!("nothing came back for {} ms", timeout.as_millis()).into());
            } else {
                self.clock.watch(end);
            }
        }
        let trouble = self.trouble_now();
        self.pending.fail(|batch, entry| {
            (entry.deadline <= now).then(|| overdue(trouble.clone(), &batch.settings))
        });
        if let Some(next) = self.pending.first_deadline() {
            self.clock.watch(next);
        }
    }

    /// Why calls wait: there is no connection, or the server refused them on the last one.
    fn trouble_now(&self) -> Option<Error> {
        let is_up = self.line.is_up();
        let mut trouble = self.trouble.iter();
        trouble
            .find(|error| !is_up || matches!(error, Error::Reply { .. }))
            .cloned()
    }

    fn retire(&mut self) -> bool {
        let Some(closers) = self.link.retire() else {
            return false;
        };
        self.has_ended = true;
        self.pending
            .done
            .extend(closers.into_iter().map(|ticket| Done {
                ticket,
                result: Ok(Answer::Yes),
                attempts: 0,
            }));
        self.deliver();
        true
    }
}

/// In debug builds, panics at the place that the environment names, for the test of what follows.
fn panic_if_asked(place: &str) {
    if cfg!(debug_assertions) {
        let asked = std::env::var_os("JS_REDIS_KEY_STORE_PANIC");
        assert!(asked.is_none_or(|asked| asked != place), "asked for");
    }
}

/// What a call fails with whose deadline is over.
fn overdue(trouble: Option<Error>, settings: &Settings) -> Error {
    trouble.unwrap_or_else(|| Error::Timeout {
        server: settings.server.clone(),
    })
}

/// A runner that ends while it has calls has panicked, or could not start: its calls fail.
impl<T: Send + 'static> Drop for Runner<T> {
    fn drop(&mut self) {
        let error = Error::Internal("the I/O thread failed".into());
        while !self.has_ended {
            self.take();
            self.pending.fail(|_, _| Some(error.clone()));
            self.deliver();
            self.retire();
        }
    }
}

#[cfg(test)]
mod tests;
