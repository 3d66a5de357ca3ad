//! The connection of a link: down, being opened, or up; and when to try again.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::future::{Future, poll_fn};
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::backend::{CameFor, End, Refusal, Session, Traffic};
use crate::options::Settings;

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
/// Short enough to be back within 2 s of the server, connecting included.
const LAST_BACKOFF: Duration = Duration::from_millis(1_500);

type Opening = Pin<Box<dyn Future<Output = Result<Session, Refusal>> + Send>>;

/// The connection of a link.
pub struct Line {
    state: State,
    /// What the connection is made with.
    settings: Option<Arc<Settings>>,
    /// Attempts since the last reply.
    attempts: u32,
    /// When the last attempt began; its backoff counts from there, so that a call which comes long
    /// after need not wait.
    tried_at: Instant,
    traffic: Arc<Traffic>,
}

enum State {
    Down,
    Opening(Opening),
    Up(Session),
}

/// What the line tells.
pub enum Signal {
    /// An attempt to connect ended.
    Opened(Result<(), Refusal>),
    /// What came back for the first sending in flight.
    Came(CameFor),
    /// The connection ended.
    Ended(End),
}

impl Line {
    /// A line that is down and will count its bytes in `traffic`.
    pub fn new(traffic: Arc<Traffic>) -> Line {
        Line {
            state: State::Down,
            settings: None,
            attempts: 0,
            tried_at: Instant::now(),
            traffic,
        }
    }

    /// The connection, when there is one that was made with these settings.
    pub fn session(&mut self, settings: &Arc<Settings>) -> Option<&mut Session> {
        match &mut self.state {
            State::Up(session) if is_same(&self.settings, settings) => Some(session),
            _ => None,
        }
    }

    /// Whether there is a connection.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// What the connection, or the attempt under way, is made with.
    pub fn settings(&self) -> Option<&Arc<Settings>> {
        self.settings.as_ref()
    }

    /// Connects with these settings in place of what there is, after the backoff that the
    /// attempts so far ask for. The connection must then stand for `proof`. Tells whether that is
    /// news.
    pub fn open(&mut self, settings: &Arc<Settings>, proof: Duration) -> bool {
        if matches!(self.state, State::Opening(_)) && is_same(&self.settings, settings) {
            return false;
        }
        let now = Instant::now();
        let start = match settings.retry {
            true => now.max(self.tried_at + backoff(self.attempts)),
            // Such a call fails with this attempt: it must not wait for it.
            false => now,
        };
        self.tried_at = start;
        self.attempts = self.attempts.saturating_add(1);
        self.settings = Some(settings.clone());
        let (settings, traffic) = (settings.clone(), self.traffic.clone());
        self.state = State::Opening(Box::pin(async move {
            tokio::time::sleep_until(start.into()).await;
            let mut session = Session::open(&settings, &traffic).await?;
            let stands = poll_fn(|context| session.poll(context));
            if !proof.is_zero()
                && let Ok(Err(End { error, .. })) = timeout(proof, stands).await
            {
                return Err(Refusal::passing(error));
            }
            Ok(session)
        }));
        true
    }

    /// Drops the attempt, or the connection: what came back of each sending in flight, in order.
    pub fn end(&mut self) -> VecDeque<CameFor> {
        match std::mem::replace(&mut self.state, State::Down) {
            State::Up(session) => session.end(),
            State::Down | State::Opening(_) => VecDeque::new(),
        }
    }

    /// How many sendings, the last ones, are not handed to the system in full.
    pub fn unsent(&self) -> usize {
        match &self.state {
            State::Up(session) => session.unsent(),
            State::Down | State::Opening(_) => 0,
        }
    }

    /// A call was refused for now so many times in a row: the next attempt waits as after so many that
    /// failed.
    pub fn wait_out(&mut self, refusals: u8) {
        self.attempts = self.attempts.max(refusals.into());
    }

    /// The server answered, or refused for good: the next attempt need not wait.
    pub fn reset_backoff(&mut self) {
        self.attempts = 0;
    }

    /// Waits for the end of an attempt, or for what comes over the connection; for ever when there is
    /// neither.
    pub async fn signal(&mut self) -> Signal {
        match &mut self.state {
            State::Down => std::future::pending().await,
            State::Opening(opening) => {
                let result = opening.await;
                let (state, result) = match result {
                    Ok(session) => (State::Up(session), Ok(())),
                    Err(refusal) => (State::Down, Err(refusal)),
                };
                self.state = state;
                Signal::Opened(result)
            }
            State::Up(session) => match poll_fn(|context| session.poll(context)).await {
                Ok(came) => Signal::Came(came),
                Err(end) => Signal::Ended(end),
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
