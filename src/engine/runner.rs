//! The loop that works off a link on the I/O thread: calls are taken from the queue, sent in order,
//! answered, sent again when the connection was lost, failed when their time is over.

use std::sync::Arc;
use std::time::Instant;

use redis::{Pipeline, RedisError, RedisResult, Value};

use super::batch::Done;
use super::deadline::Clock;
use super::line::{Line, Signal};
use super::link::{Found, Link};
use super::order::Item;
use super::pending::{Flight, Pending};
use crate::backend::{self, MAX_UNDER_WAY, Refusal};
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
    /// When the last reply came, or when the first of the flights took off.
    heard_at: Instant,
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
            link,
            pending: Pending::new(),
            line: Line::new(),
            trouble: None,
            heard_at: Instant::now(),
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
                if is_closing && self.retire() {
                    return;
                }
            }
            match self.event().await {
                Event::Replies(Ok(values)) => self.land(values),
                Event::Replies(Err(error)) => self.break_off(&error),
                Event::Line(Signal::Ended) => self.lose("the server closed it".into()),
                Event::Line(Signal::Opened(result)) => self.opened(result, is_closing),
                Event::Bell | Event::Clock => {}
            }
        }
    }

    fn note(&self, note: String) {
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
            if self.line.session(&settings).is_none() {
                // A connection with other settings first brings home what it carries.
                if self.pending.flights.is_empty() {
                    self.line.open(&settings);
                }
                return;
            }
            if self.pending.flights.len() == MAX_UNDER_WAY {
                return;
            }
            if let Some(item) = self.pending.waiting.pop_front() {
                self.take_off(item, &settings);
            }
        }
        if self.pending.flights.is_empty() && !self.line.is_up() {
            // Nobody waits for the connection that is being opened.
            self.line.drop_connection();
        }
    }

    fn take_off(&mut self, mut item: Item<T>, settings: &Arc<Settings>) {
        let now = Instant::now();
        let trouble = self.trouble_now();
        item.batch_mut()
            .fail(&mut self.pending.done, |batch, entry| {
                (entry.deadline <= now).then(|| overdue(trouble.clone(), &batch.settings))
            });
        let Some(session) = self.line.session(settings) else {
            return self.pending.waiting.push_front(item);
        };
        let mut master = 0;
        let pipeline = match &mut item {
            Item::Calls(batch) => {
                batch.entries.retain(|entry| entry.ticket.is_some());
                if batch.entries.is_empty() {
                    return;
                }
                let mut pipeline = Pipeline::with_capacity(batch.entries.len());
                for entry in &batch.entries {
                    let args = batch.args(entry);
                    let (names, scratch) = (&settings.names, &mut self.scratch);
                    store::write(entry.op, args, names, scratch, &mut pipeline);
                }
                pipeline
            }
            Item::Wipe(walk) if walk.call.is_settled() => {
                let Pending { held, waiting, .. } = &mut self.pending;
                return held.release(walk.stem(), waiting);
            }
            Item::Wipe(walk) => {
                master = walk.wipe.master();
                walk.wipe.next(&settings.names, session.masters())
            }
        };
        let replies = session.send(pipeline, master);
        if self.pending.flights.is_empty() {
            self.heard_at = now;
            self.clock.watch(now + settings.response_timeout);
        }
        self.pending.flights.push_back(Flight { item, replies });
    }

    /// Takes in the replies to the first flight.
    fn land(&mut self, values: Vec<Value>) {
        let Some(Flight { item, .. }) = self.pending.flights.pop_front() else {
            return;
        };
        self.heard_at = Instant::now();
        self.line.reset_backoff();
        self.trouble = None;
        let Pending {
            waiting,
            held,
            done,
            ..
        } = &mut self.pending;
        match item {
            Item::Calls(mut batch) => batch.settle(values.into_iter(), done),
            Item::Wipe(mut walk) => {
                let result = walk.wipe.advance(values, &walk.call.settings.server);
                let result = match result {
                    Ok(Step::More) => return waiting.push_front(Item::Wipe(walk)),
                    Ok(Step::Done) => Ok(Answer::Yes),
                    Err(error) => Err(error),
                };
                held.release(walk.stem(), waiting);
                walk.call.finish(result, done);
            }
        }
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
        self.note(format!("connection lost: {error}"));
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
            Ok(()) => self.note(format!("connected to {}", settings.server)),
            Err(Refusal { error, is_final }) => {
                self.note(format!("cannot connect: {error}"));
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
            if now >= self.heard_at + timeout {
                self.lose(format!("nothing came back for {} ms", timeout.as_millis()).into());
            } else {
                self.clock.watch(self.heard_at + timeout);
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

    /// Why there is no connection, `None` when there is one or none was tried.
    fn trouble_now(&self) -> Option<Error> {
        self.trouble.clone().filter(|_| !self.line.is_up())
    }

    fn retire(&mut self) -> bool {
        let Some(closers) = self.link.retire() else {
            return false;
        };
        self.has_ended = true;
        self.line.drop_connection();
        self.pending
            .done
            .extend(closers.into_iter().map(|ticket| Done {
                ticket,
                result: Ok(Answer::Yes),
            }));
        self.deliver();
        true
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
