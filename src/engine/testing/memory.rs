//! A backend that keeps pairs in memory and fails by chance. It proves the seam, and lets the engine's
//! tests run thousands of cases in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::Random;
use super::world::{Answers, Done, Known, Owned, What, World};
use crate::backend::{self, Backend, ConnectError, End, History, Outcome};
use crate::call::{Answer, Args, Operation};
use crate::error::Error;
use crate::settings::Settings;

/// What is kept, and how it fails.
#[derive(Clone)]
pub(crate) struct Memory(Arc<Mutex<World>>);

impl Memory {
    /// Nothing kept; `faults` of a hundred sendings fail, by `seed`.
    pub(crate) fn new(seed: u64, faults: u64) -> Memory {
        Memory(Arc::new(Mutex::new(World {
            keys: BTreeMap::new(),
            saved_at: BTreeMap::new(),
            sessions: 0,
            faults,
            poison: None,
            is_nonsense: false,
            connecting: 30,
            sending: 20,
            random: Random::new(seed),
        })))
    }

    /// What is kept now.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    type Session = Session;

    async fn connect(self: Arc<Self>, _: Arc<Settings>) -> Result<Session, ConnectError> {
        let pause = {
            let mut world = self.world();
            let longest = world.connecting;
            longest / 2 + world.random.below(longest / 2)
        };
        sleep(Duration::from_millis(pause)).await;
        let mut world = self.world();
        if world.fails() {
            return Err(ConnectError::transient(reason("no connection")));
        }
        world.sessions += 1;
        Ok(Session {
            number: world.sessions,
            memory: Memory::clone(&self),
            sent: VecDeque::new(),
            timer: None,
            last: None,
        })
    }
}

/// A session.
pub(crate) struct Session {
    number: u64,
    memory: Memory,
    sent: VecDeque<Sent>,
    timer: Option<Pin<Box<Sleep>>>,
    /// What is known of the sending that the session ended with.
    last: Option<Answers>,
}

/// What was sent in one go, and is carried out when it arrives.
struct Sent {
    leaves: Instant,
    arrives: Instant,
    what: What,
}

/// A deletion.
pub(crate) struct Deletion {
    stem: Vec<u8>,
    session: Option<u64>,
}

fn reason(text: &str) -> Error {
    Error::Unreachable {
        server: "memory".into(),
        reason: text.into(),
    }
}

impl Session {
    fn push(&mut self, what: What) {
        let now = Instant::now();
        let mut world = self.memory.world();
        let longest = world.sending + 1;
        let sending = world.random.below(longest);
        let way = 1 + world.random.below(10);
        drop(world);
        let last = self.sent.back();
        let leaves = now + Duration::from_millis(sending);
        let leaves = last.map_or(leaves, |last| leaves.max(last.leaves));
        let arrives = leaves + Duration::from_millis(way);
        // At least 1 ms apart: the driver spins for what comes sooner, while virtual time stands still.
        let apart = Duration::from_millis(1);
        let arrives = last.map_or(arrives, |last| arrives.max(last.arrives + apart));
        self.sent.push_back(Sent {
            leaves,
            arrives,
            what,
        });
    }
}

impl backend::Session for Session {
    type Deletion = Deletion;
    type Answers = Answers;

    const HARMLESS: usize = 0;

    fn has_room(&self) -> bool {
        self.sent.len() < 4
    }

    fn send<'a>(
        &mut self,
        calls: impl ExactSizeIterator<Item = (Operation, Args<'a>)> + Clone,
        _: usize,
    ) {
        assert!(calls.len() > 0, "something is sent");
        let owned = |(operation, args): (_, Args<'_>)| Owned {
            operation,
            stem: args.stem.to_vec(),
            first: args.first.to_vec(),
            second: args.second.to_vec(),
        };
        self.push(What::Calls(calls.map(owned).collect()));
    }

    fn step(&mut self, deletion: &mut Deletion) -> Result<(), Error> {
        deletion.session = Some(self.number);
        self.push(What::Step(deletion.stem.clone()));
        Ok(())
    }

    fn is_new_to(&self, deletion: &Deletion) -> bool {
        deletion.session != Some(self.number)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Answers, End>> {
        let Some(first) = self.sent.front() else {
            return Poll::Pending;
        };
        let arrives = first.arrives;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(arrives)));
        ready!(timer.as_mut().poll(context));
        self.timer = None;
        let mut world = self.memory.world();
        let (answers, ends) = world.arrive(&first.what);
        // Else it would be taken for the fault of a call.
        let is_hang_up = world.poison.is_some();
        drop(world);
        self.sent.pop_front();
        if !ends {
            return Poll::Ready(Ok(answers));
        }
        self.last = Some(answers);
        Poll::Ready(Err(End {
            error: reason("the session ended"),
            is_hang_up,
        }))
    }

    fn stay(&mut self) {}

    fn unsent(&self) -> usize {
        let now = Instant::now();
        self.sent.iter().filter(|sent| sent.leaves > now).count()
    }

    fn end(mut self) -> VecDeque<Answers> {
        let unknown = || Answers::new(VecDeque::new(), false);
        // What has left may still be carried out, unless something before it was not.
        let mut world = self.memory.world();
        let mut is_carried_out = self.last.is_none();
        let now = Instant::now();
        for sent in &self.sent {
            is_carried_out &= sent.leaves <= now && world.random.below(2) == 0;
            match &sent.what {
                What::Calls(calls) if is_carried_out => {
                    // A poison call ends what it comes in.
                    let poison = calls.iter().position(|call| world.is_poison(call));
                    is_carried_out = poison.is_none();
                    for call in &calls[..poison.unwrap_or(calls.len())] {
                        world.run(call);
                    }
                }
                What::Step(stem) if is_carried_out => drop(world.step(stem)),
                What::Calls(_) | What::Step(_) => {}
            }
        }
        drop(world);
        let others = self.sent.iter().map(|_| unknown());
        self.last.take().into_iter().chain(others).collect()
    }
}

impl backend::Deletion for Deletion {
    fn new(stem: &[u8]) -> Deletion {
        Deletion {
            stem: stem.to_vec(),
            session: None,
        }
    }
}

impl backend::Answers for Answers {
    type Deletion = Deletion;

    fn next(&mut self, _: Operation, history: &mut History) -> Outcome {
        let answer = match self.known.pop_front() {
            Some(Known::Did(Done::Saved)) => Answer::Yes,
            Some(Known::Did(Done::Found(Some(id)))) => Answer::Id(id.into()),
            Some(Known::Did(Done::Found(None))) => Answer::Missing,
            Some(Known::Did(Done::Deleted(found))) => history.deleted(found),
            Some(Known::Refused) => return Outcome::Refused(reason("refused")),
            None => {
                history.is_lost = true;
                return Outcome::Lost;
            }
        };
        Outcome::Settled(Ok(answer))
    }

    fn step(&mut self, _: &mut Deletion) -> Option<Outcome> {
        self.is_last_step
            .then_some(Outcome::Settled(Ok(Answer::Yes)))
    }

    fn hung_up(self, _: &mut Deletion) {}

    fn nonsense(self) -> Option<Error> {
        self.is_nonsense.then(|| reason("nonsense"))
    }
}
