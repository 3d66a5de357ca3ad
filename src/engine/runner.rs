//! The loop that works off a link on the I/O thread: calls are taken from the queue, sent in order,
//! answered, sent again when the connection was lost, failed when their time is over.

mod flight;
mod hang_up;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::again::mark_overwritten;
use super::batch::Rules;
use super::call::Done;
use super::deadline::Clock;
use super::line::{Line, Signal};
use super::link::{Found, Link, Note};
use super::order::Item;
use super::pending::Pending;
use crate::backend::{End, Refusal};
use crate::error::Error;
use crate::options::Settings;
use crate::store::Answer;

/// How long to stay awake after the last reply or send: about as long as a server near by and the
/// caller take to go on.
const LINGER: Duration = Duration::from_micros(100);

/// How long replies may take for a server to be near by.
const NEAR: Duration = Duration::from_micros(200);

/// How many calls under way are few: each wait of this thread costs them more than the way to the
/// server and back. With more of them the time of a core is of more use to the server.
const LIGHT: usize = 16;

/// Works off one link.
pub struct Runner<T: Send + 'static> {
    link: Arc<Link<T>>,
    pending: Pending<T>,
    line: Line,
    /// Why there is no connection, when an attempt has failed.
    trouble: Option<Error>,
    /// Why a call was refused for now, and how many times that one was: nothing more is sent, and the
    /// connection is given up once the other flights have told which of their calls were carried out.
    refusal: Option<(Error, u8)>,
    /// When a flight last landed, or the first of them took off.
    moved_at: Instant,
    /// Whether few calls were under way when one landed last, and the server was near by.
    was_light: bool,
    /// For how long the next connection has to stand before it is used, see `hang_up`.
    proof: Duration,
    clock: Clock,
    has_ended: bool,
}

enum Event {
    Line(Signal),
    Bell,
    Clock,
    Linger,
}

impl<T: Send + 'static> Runner<T> {
    /// A runner for a link that has none.
    pub fn new(link: Arc<Link<T>>) -> Runner<T> {
        Runner {
            pending: Pending::new(),
            line: Line::new(link.traffic.clone()),
            link,
            trouble: None,
            refusal: None,
            moved_at: Instant::now(),
            was_light: false,
            proof: Duration::ZERO,
            clock: Clock::default(),
            has_ended: false,
        }
    }

    /// Runs until the link is closed and all its calls are settled.
    pub async fn run(mut self) {
        loop {
            let lingers = self.lingers();
            let Found::Calls {
                is_closing,
                is_orphan,
            } = self.take(!lingers)
            else {
                self.has_ended = true;
                return;
            };
            self.look();
            self.send();
            self.deliver();
            if self.pending.is_empty() {
                self.clock.stop();
                if is_closing || is_orphan {
                    // Whoever closed it may look on the server whether it is gone.
                    self.line.end();
                    if self.retire() {
                        return;
                    }
                }
            }
            match self.event(lingers).await {
                Event::Line(Signal::Came(came)) => self.land(came, is_closing),
                Event::Line(Signal::Ended(End { error, is_hang_up })) => {
                    if is_hang_up {
                        self.hang_up();
                    }
                    self.lose(error);
                }
                Event::Line(Signal::Opened(result)) => self.opened(result, is_closing),
                Event::Bell | Event::Clock | Event::Linger => {}
            }
        }
    }

    /// Whether to stay awake for what comes next.
    fn lingers(&self) -> bool {
        self.was_light
            && (self.pending.is_empty() || self.is_light())
            && self.line.is_up()
            && self.moved_at.elapsed() < LINGER
    }

    /// Whether few calls are under way.
    fn is_light(&self) -> bool {
        let sizes = self.pending.flights.iter().map(|item| match item {
            Item::Calls(batch) => batch.entries.len(),
            Item::Wipe(_) => LIGHT + 1,
        });
        sizes.sum::<usize>() <= LIGHT
    }

    fn note(&self, note: Note) {
        self.link.receiver.note(note);
    }

    fn deliver(&mut self) {
        if !self.pending.done.is_empty() {
            self.link.receiver.settle(&mut self.pending.done);
        }
    }

    fn take(&mut self, sleeps: bool) -> Found {
        let Runner {
            link,
            pending,
            clock,
            ..
        } = self;
        link.take(sleeps, |batch| {
            let deadlines = batch.entries.iter().map(|entry| entry.deadline);
            if let Some(first) = deadlines.min() {
                clock.watch(first);
            }
            pending.add(batch);
        })
    }

    async fn event(&mut self, lingers: bool) -> Event {
        tokio::select! {
            biased;
            signal = self.line.signal() => Event::Line(signal),
            () = self.link.bell.notified() => Event::Bell,
            () = self.clock.ring() => Event::Clock,
            () = tokio::task::yield_now(), if lingers => Event::Linger,
        }
    }

    /// Gives the connection up. What is known of what it carried counts, the rest goes first on the
    /// next one.
    fn lose(&mut self, error: Error) {
        if let Some(settings) = self.line.settings() {
            self.note(Note::Lost(settings.server.clone(), error.clone()));
        }
        let mut known = self.line.end();
        let flights = self.pending.flights.iter_mut();
        mark_overwritten(flights.map(Item::batch_mut));
        while let Some(mut item) = self.pending.land() {
            let came = known.pop_front();
            if let (Item::Calls(batch), Some(mut came)) = (&mut item, came) {
                let retries = batch.settings.retry;
                let rules = Rules {
                    waits: retries,
                    lost: (!retries).then_some(&error),
                };
                let Pending { again, done, .. } = &mut self.pending;
                // Whatever is refused waits for the next connection as what is lost does.
                batch.settle(|op, earlier| came.next(op, earlier), rules, again, done);
            }
            self.pending.refuse(item);
        }
        self.refusal = None;
        self.pending.take_back();
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

    /// Fails the calls whose deadline is over.
    fn look(&mut self) {
        let now = Instant::now();
        if !self.clock.is_due(now) {
            return;
        }
        // What is not handed to the system by its deadline must not be sent any more.
        let is_stuck = self.pending.is_overdue(self.line.unsent(), now);
        let trouble = self.trouble_now();
        self.pending.fail(|batch, entry| {
            (entry.deadline <= now).then(|| overdue(trouble.clone(), &batch.settings))
        });
        if is_stuck && let Some(settings) = self.line.settings() {
            let server = settings.server.clone();
            let reason = "calls could not be sent by their deadline".into();
            self.lose(Error::Unreachable { server, reason });
        }
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
            self.take(false);
            self.pending.fail(|_, _| Some(error.clone()));
            self.deliver();
            self.retire();
        }
    }
}

#[cfg(test)]
mod tests;
