//! The session of a queue, and when to try for another.
//!
//! ```text
//!            connect, after the backoff            opened
//!   Idle ───────────────────────────▶ Connecting ─────────▶ Connected
//!    ▲                                    │                     │
//!    ├────────────── failed ──────────────┘                     │
//!    └─────────────── ended, or given up ───────────────────────┘
//! ```

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::future::{Future, poll_fn};
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::AnswersOf;
use crate::backend::{Backend, ConnectError, End, Session};
use crate::settings::Settings;

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
/// Short enough to be back within 2 s of the server, connecting included.
const LAST_BACKOFF: Duration = Duration::from_millis(1_500);

/// The session of a queue, made anew when it is lost.
pub(super) struct Reconnect<B: Backend> {
    backend: Arc<B>,
    state: State<B::Session>,
    /// What the session, or the attempt under way, is made with.
    settings: Option<Arc<Settings>>,
    /// Attempts since the last answer.
    attempts: u32,
    /// When the last attempt began that was not dropped before; its backoff counts from there, so that a
    /// call which comes long after need not wait.
    tried_at: Instant,
}

type Attempt<S> = Pin<Box<dyn Future<Output = Result<S, ConnectError>> + Send>>;

enum State<S> {
    Idle,
    /// An attempt, and when it begins.
    Connecting(Attempt<S>, Instant),
    Connected(S),
}

/// What happened.
pub(super) enum Event<A> {
    /// An attempt to connect ended.
    Opened(Result<(), ConnectError>),
    /// The answers to what was sent first.
    Answered(A),
    /// The session ended.
    Ended(End),
}

impl<B: Backend> Reconnect<B> {
    /// Idle.
    pub(super) fn new(backend: Arc<B>) -> Reconnect<B> {
        Reconnect {
            backend,
            state: State::Idle,
            settings: None,
            attempts: 0,
            tried_at: Instant::now(),
        }
    }

    /// The session, when there is one that was made with these settings.
    pub(super) fn session(&mut self, settings: &Arc<Settings>) -> Option<&mut B::Session> {
        match &mut self.state {
            State::Connected(session) if is_same(&self.settings, settings) => Some(session),
            _ => None,
        }
    }

    /// Whether there is a session.
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected(_))
    }

    /// What the session, or the attempt under way, is made with.
    pub(super) fn settings(&self) -> Option<&Arc<Settings>> {
        self.settings.as_ref()
    }

    /// Connects with these settings in place of what there is, after the backoff that the
    /// attempts so far ask for. The session must then stand for `proof`. Tells whether that is news.
    pub(super) fn connect(&mut self, settings: &Arc<Settings>, proof: Duration) -> bool {
        if matches!(self.state, State::Connecting(..)) && is_same(&self.settings, settings) {
            return false;
        }
        self.leave();
        let now = Instant::now();
        let start = match settings.offline_queue {
            true => now.max(self.tried_at + backoff(self.attempts)),
            // Such a call fails with this attempt: it must not wait for it.
            false => now,
        };
        self.settings = Some(settings.clone());
        let (settings, backend) = (settings.clone(), self.backend.clone());
        let attempt = Box::pin(async move {
            sleep_until(start).await;
            let mut session = backend.connect(settings).await?;
            let stands = poll_fn(|context| session.poll(context));
            if !proof.is_zero()
                && let Ok(Err(End { error, .. })) = timeout(proof, stands).await
            {
                return Err(ConnectError::transient(error));
            }
            Ok(session)
        });
        self.state = State::Connecting(attempt, start);
        true
    }

    /// Takes the state, which is over. An attempt that did not begin counts for nothing, or calls that do
    /// not wait for it would put it off again and again.
    fn leave(&mut self) -> State<B::Session> {
        let state = std::mem::replace(&mut self.state, State::Idle);
        if let State::Connecting(_, start) = state
            && start <= Instant::now()
        {
            self.tried_at = start;
            self.attempts = self.attempts.saturating_add(1);
        }
        state
    }

    /// Drops the attempt, or the session: what is known of each that is in flight, in order.
    pub(super) fn end(&mut self) -> VecDeque<AnswersOf<B>> {
        match self.leave() {
            State::Connected(session) => session.end(),
            State::Idle | State::Connecting(..) => VecDeque::new(),
        }
    }

    /// Nobody waits for an attempt any more: it is dropped before it begins. One that has begun goes on,
    /// or a store whose calls have less time than connecting takes would never be connected.
    pub(super) fn rest(&mut self) {
        if matches!(self.state, State::Connecting(_, start) if start > Instant::now()) {
            self.leave();
        }
    }

    /// What is in flight is not to be sent on: the time of some of it is over.
    pub(super) fn stay(&mut self) {
        if let State::Connected(session) = &mut self.state {
            session.stay();
        }
    }

    /// How many of what was sent last can still be taken back.
    pub(super) fn unsent(&self) -> usize {
        match &self.state {
            State::Connected(session) => session.unsent(),
            State::Idle | State::Connecting(..) => 0,
        }
    }

    /// A call was refused for now so many times: the next attempt waits as after so many that failed.
    pub(super) fn wait_out(&mut self, refusals: u8) {
        self.attempts = self.attempts.max(refusals.into());
    }

    /// A call was answered, or the server refused for good: the next attempt need not wait.
    pub(super) fn reset_backoff(&mut self) {
        self.attempts = 0;
    }

    /// Resolves when something happens; never when idle.
    pub(super) async fn event(&mut self) -> Event<AnswersOf<B>> {
        match &mut self.state {
            State::Idle => std::future::pending().await,
            State::Connecting(attempt, _) => {
                let result = attempt.await;
                self.leave();
                let (state, result) = match result {
                    Ok(session) => (State::Connected(session), Ok(())),
                    Err(error) => (State::Idle, Err(error)),
                };
                self.state = state;
                Event::Opened(result)
            }
            State::Connected(session) => match poll_fn(|context| session.poll(context)).await {
                Ok(answers) => Event::Answered(answers),
                Err(end) => Event::Ended(end),
            },
        }
    }
}

fn is_same(own: &Option<Arc<Settings>>, other: &Arc<Settings>) -> bool {
    own.as_ref().is_some_and(|own| Arc::ptr_eq(own, other))
}

/// The first attempt goes at once, the later ones double their wait, each shortened at random by
/// up to a half so that the clients of a server that returns do not all come together.
fn backoff(attempts: u32) -> Duration {
    if attempts == 0 {
        return Duration::ZERO;
    }
    let full = FIRST_BACKOFF
        .saturating_mul(1 << (attempts - 1).min(16))
        .min(LAST_BACKOFF);
    let random = RandomState::new().hash_one(attempts) as u32;
    full.mul_f64(1.0 - f64::from(random) / f64::from(u32::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        assert_eq!(backoff(0), Duration::ZERO);
        for (attempts, full) in [(1, 50), (2, 100), (5, 800), (6, 1500), (u32::MAX, 1500)] {
            let full = Duration::from_millis(full);
            for _ in 0..100 {
                let delay = backoff(attempts);
                assert!(delay <= full && delay >= full / 2, "{attempts}: {delay:?}");
            }
        }
    }
}
