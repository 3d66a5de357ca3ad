//! The life of a link's calls on the I/O thread: taken from the queue, sent in order, answered,
//! sent again when the connection was lost, failed when their time is over.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use redis::{Pipeline, RedisResult, Value};

use super::batch::{Batch, Done};
use super::deadline::Clock;
use super::line::{Line, Signal};
use super::link::{Found, Link};
use super::order::{Held, Item};
use crate::backend::{self, Connection, Refusal, Replies};
use crate::error::Error;
use crate::options::Settings;
use crate::store::{self, Step};

/// Works off one link.
pub struct Runner<T: Send + 'static> {
    link: Arc<Link<T>>,
    /// Not sent yet, or to be sent again, in order.
    waiting: VecDeque<Item<T>>,
    /// Sent, in order.
    flights: VecDeque<Flight<T>>,
    held: Held<T>,
    line: Line,
    /// Why there is no connection, when an attempt has failed.
    trouble: Option<Error>,
    /// When the last reply came, or when the first of the flights took off.
    heard_at: Instant,
    clock: Clock,
    done: Vec<Done<T>>,
    scratch: Vec<u8>,
    has_ended: bool,
}

struct Flight<T> {
    item: Item<T>,
    replies: Replies,
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
            waiting: VecDeque::new(),
            flights: VecDeque::new(),
            held: Held::new(),
            line: Line::new(),
            trouble: None,
            heard_at: Instant::now(),
            clock: Clock::default(),
            done: Vec::new(),
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
            if self.is_idle() {
                self.clock.stop();
                if is_closing && self.retire() {
                    return;
                }
            }
            match self.event().await {
                Event::Replies(Ok(values)) => self.land(values),
                Event::Replies(Err(error)) => self.break_off(&error),
                Event::Line(Signal::Ended) => self.lose("the server closed it".to_owned(), None),
                Event::Line(Signal::Opened(result)) => self.opened(result, is_closing),
                Event::Bell | Event::Clock => {}
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.flights.is_empty() && self.held.is_empty()
    }

    fn note(&self, note: String) {
        self.link.receiver.note(note);
    }

    fn deliver(&mut self) {
        if !self.done.is_empty() {
            self.link.receiver.settle(&mut self.done);
        }
    }

    fn take(&mut self) -> Found {
        let Runner {
            link,
            waiting,
            held,
            clock,
            ..
        } = self;
        link.take(|batch| {
            // Deadlines of one batch lie close together; `look` finds each one's own.
            let deadlines = batch.entries.iter().map(|entry| entry.deadline);
            if let Some(first) = deadlines.min() {
                clock.watch(first);
            }
            held.sort(batch, waiting);
        })
    }

    async fn event(&mut self) -> Event {
        let Runner {
            link,
            flights,
            line,
            clock,
            ..
        } = self;
        let replies = async {
            match flights.front_mut() {
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
        while let Some(item) = self.waiting.front_mut() {
            let settings = item.batch_mut().settings.clone();
            if self.line.connection(&settings).is_none() {
                // A connection with other settings first brings home what it carries.
                if self.flights.is_empty() {
                    self.line.open(&settings);
                }
                return;
            }
            if self.flights.len() == Connection::MAX_UNDER_WAY {
                return;
            }
            if let Some(item) = self.waiting.pop_front() {
                self.take_off(item, &settings);
            }
        }
        if self.flights.is_empty() && !self.line.is_up() {
            // Nobody waits for the connection that is being opened.
            self.line.drop_connection();
        }
    }

    fn take_off(&mut self, mut item: Item<T>, settings: &Arc<Settings>) {
        let names = &settings.names;
        let pipeline = match &mut item {
            Item::Calls(batch) => {
                batch.entries.retain(|entry| entry.ticket.is_some());
                if batch.entries.is_empty() {
                    return;
                }
                let mut pipeline = Pipeline::with_capacity(batch.entries.len());
                for entry in &batch.entries {
                    let args = batch.args(entry);
                    store::write(entry.op, args, names, &mut self.scratch, &mut pipeline);
                }
                pipeline
            }
            Item::Wipe(walk) => {
                if walk.call.entries[0].ticket.is_none() {
                    self.held.release(walk.stem(), &mut self.waiting);
                    return;
                }
                walk.wipe.next(names)
            }
        };
        let Some(connection) = self.line.connection(settings) else {
            self.waiting.push_front(item);
            return;
        };
        let replies = connection.send(pipeline);
        if self.flights.is_empty() {
            self.heard_at = Instant::now();
            self.clock.watch(self.heard_at + settings.response_timeout);
        }
        self.flights.push_back(Flight { item, replies });
    }

    /// Takes in the replies to the first flight.
    fn land(&mut self, values: Vec<Value>) {
        let Some(Flight { item, .. }) = self.flights.pop_front() else {
            return;
        };
        self.heard_at = Instant::now();
        self.line.reset_backoff();
        self.trouble = None;
        match item {
            Item::Calls(mut batch) => batch.settle(values.into_iter(), &mut self.done),
            Item::Wipe(mut walk) => {
                let result = walk.wipe.advance(values, &walk.call.settings.server);
                let result = match result {
                    Ok(Step::More) => return self.waiting.push_front(Item::Wipe(walk)),
                    Ok(Step::Done) => Ok(store::Answer::Yes),
                    Err(error) => Err(error),
                };
                self.held.release(walk.stem(), &mut self.waiting);
                walk.call.finish(result, &mut self.done);
            }
        }
    }

    fn break_off(&mut self, error: &redis::RedisError) {
        let settings = self.line.settings().cloned();
        if let Some(settings) = settings {
            let error = backend::broken(&settings.server, error);
            self.lose(error.to_string(), Some(error));
        }
    }

    /// The connection is gone: what it carried goes first on the next one.
    fn lose(&mut self, reason: String, error: Option<Error>) {
        let Some(settings) = self.line.settings().cloned() else {
            return;
        };
        self.line.drop_connection();
        self.note(format!("connection to {} lost: {reason}", settings.server));
        let error = error.unwrap_or_else(|| Error::Unreachable {
            server: settings.server.clone(),
            reason: reason.into(),
        });
        for Flight { mut item, .. } in self.flights.drain(..).rev() {
            match &mut item {
                Item::Calls(batch) => batch.entries.iter_mut().for_each(|entry| {
                    entry.is_resent = true;
                }),
                Item::Wipe(walk) => walk.wipe.restart(),
            }
            if !settings.retry {
                let error = error.clone();
                item.batch_mut()
                    .fail(&mut self.done, move |_| Some(error.clone()));
            }
            self.waiting.push_front(item);
        }
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
                    self.fail_all(&error, |batch| Arc::ptr_eq(&batch.settings, &settings));
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
        if let Some(flight) = self.flights.front_mut() {
            let timeout = flight.item.batch_mut().settings.response_timeout;
            if now >= self.heard_at + timeout {
                self.lose(
                    format!("nothing came back for {} ms", timeout.as_millis()),
                    None,
                );
            } else {
                self.clock.watch(self.heard_at + timeout);
            }
        }
        let trouble = self.trouble.clone().filter(|_| !self.line.is_up());
        let overdue = |settings: &Arc<Settings>| {
            trouble.clone().unwrap_or_else(|| Error::Timeout {
                server: settings.server.clone(),
            })
        };
        let Runner {
            waiting,
            flights,
            held,
            clock,
            done,
            ..
        } = self;
        let sent = flights.iter_mut().map(|flight| flight.item.batch_mut());
        let unsent = waiting.iter_mut().map(Item::batch_mut);
        for batch in sent.chain(unsent).chain(held.batches_mut()) {
            let error = overdue(&batch.settings);
            batch.fail(done, |entry| (entry.deadline <= now).then(|| error.clone()));
            let unsettled = batch.entries.iter().filter(|entry| entry.ticket.is_some());
            if let Some(next) = unsettled.map(|entry| entry.deadline).min() {
                clock.watch(next);
            }
        }
        self.drop_settled();
    }

    /// Fails all calls of the batches that `concerns` picks.
    fn fail_all(&mut self, error: &Error, concerns: impl Fn(&Batch<T>) -> bool) {
        let Runner {
            waiting,
            flights,
            held,
            done,
            ..
        } = self;
        let sent = flights.iter_mut().map(|flight| flight.item.batch_mut());
        let unsent = waiting.iter_mut().map(Item::batch_mut);
        for batch in sent.chain(unsent).chain(held.batches_mut()) {
            if concerns(batch) {
                batch.fail(done, |_| Some(error.clone()));
            }
        }
        self.drop_settled();
    }

    /// Takes what is settled off the list of what waits, so that nothing is opened for it.
    fn drop_settled(&mut self) {
        let mut rest = std::mem::take(&mut self.waiting);
        while let Some(mut item) = rest.pop_front() {
            if !item.batch_mut().is_settled() {
                self.waiting.push_back(item);
            } else if let Item::Wipe(walk) = item {
                self.held.release(walk.stem(), &mut rest);
            }
        }
    }

    fn retire(&mut self) -> bool {
        let Some(closers) = self.link.retire() else {
            return false;
        };
        self.has_ended = true;
        self.line.drop_connection();
        self.done.extend(closers.into_iter().map(|ticket| Done {
            ticket,
            result: Ok(store::Answer::Yes),
        }));
        self.deliver();
        true
    }
}

/// A runner that ends while it has calls has panicked, or could not start: its calls fail.
impl<T: Send + 'static> Drop for Runner<T> {
    fn drop(&mut self) {
        let error = Error::Internal("the I/O thread failed".into());
        while !self.has_ended {
            self.take();
            self.fail_all(&error, |_| true);
            self.deliver();
            self.retire();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::batch::{Call, Lengths};
    use crate::engine::testing::{results, settings};
    use crate::options::Settings;
    use crate::store::Op;
    use std::net::TcpListener;
    use std::time::Duration;

    /// A port where nothing listens.
    fn closed_port() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    }

    fn push(link: &Arc<Link<u32>>, settings: &Arc<Settings>, op: Op, ticket: u32, wait: u64) {
        let deadline = Instant::now() + Duration::from_millis(wait);
        let call = Call {
            op,
            deadline,
            ticket,
        };
        let pushed = link.push(settings, call, |text| {
            text.extend_from_slice(b"i1x");
            Ok::<_, ()>(Lengths {
                prefix: 0,
                integration: 1,
                first: 1,
                second: 1,
            })
        });
        assert!(pushed.is_ok());
    }

    #[test]
    fn without_a_server_each_call_fails_at_its_deadline() {
        let (receiver, arrived) = results();
        let link = Link::new(receiver);
        let settings = settings(closed_port());
        let started = Instant::now();
        push(&link, &settings, Op::DeleteAllIds, 1, 400);
        push(&link, &settings, Op::SaveIds, 2, 300);
        push(&link, &settings, Op::GetExtId, 3, 100);
        for (ticket, wait) in [(3, 100), (2, 300), (1, 400)] {
            let done = arrived.recv().unwrap();
            assert_eq!(done.ticket, ticket);
            assert_eq!(done.result.unwrap_err().error.code(), "UNREACHABLE");
            assert!(started.elapsed() >= Duration::from_millis(wait));
        }
    }

    #[test]
    fn a_link_that_may_not_wait_fails_with_the_first_attempt() {
        let (receiver, arrived) = results();
        let link = Link::new(receiver);
        let mut settings = settings(closed_port());
        Arc::get_mut(&mut settings).unwrap().retry = false;
        push(&link, &settings, Op::SaveIds, 1, 60_000);
        assert!(arrived.recv().unwrap().result.is_err());
        push(&link, &settings, Op::SaveIds, 2, 60_000);
        assert_eq!(arrived.recv().unwrap().ticket, 2);
    }

    #[test]
    fn closing_fails_what_no_connection_can_carry_and_then_ends() {
        let (receiver, arrived) = results();
        let link = Link::new(receiver);
        assert_eq!(link.close(Some(0)), Some(0), "nothing runs yet");
        push(&link, &settings(closed_port()), Op::SaveIds, 1, 60_000);
        assert_eq!(link.close(Some(2)), None);
        assert_eq!(arrived.recv().unwrap().ticket, 1);
        let closed = arrived.recv().unwrap();
        assert_eq!((closed.ticket, closed.result.is_ok()), (2, true));
    }

    #[test]
    fn a_runner_that_ends_early_fails_its_calls() {
        let (receiver, arrived) = results();
        let link = Link::new(receiver);
        let mut runner = Runner::new(link.clone());
        runner.line.open(&settings(closed_port()));
        push(&link, &settings(closed_port()), Op::SaveIds, 1, 60_000);
        drop(runner);
        let failure = arrived.recv().unwrap().result.unwrap_err();
        assert!(["INTERNAL", "UNREACHABLE"].contains(&failure.error.code()));
    }
}
