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
use crate::backend::{self, Backend, ConnectError, End, History, Outcome};
use crate::call::{Answer, Args, Operation};
use crate::error::Error;
use crate::key::{self, Half};
use crate::settings::Settings;

/// How many pairs one step of a deletion takes.
const STEP: usize = 3;

/// What is kept, and how it fails.
#[derive(Clone)]
pub struct Memory(Arc<Mutex<World>>);

/// What all sessions share.
pub struct World {
    /// What is kept: the two keys of each pair.
    pub keys: BTreeMap<Vec<u8>, Vec<u8>>,
    /// When each save was carried out, by its external id.
    pub saved_at: BTreeMap<Vec<u8>, Vec<Instant>>,
    /// How many sessions there were.
    pub sessions: u64,
    /// How many of a hundred sendings fail.
    pub faults: u64,
    /// A call with this id makes the session end.
    pub poison: Option<Vec<u8>>,
    /// What is sent is not carried out: its answers make no sense.
    pub is_nonsense: bool,
    /// How long connecting may take, in ms: at least half of it.
    pub connecting: u64,
    /// How long a sending may take to leave, in ms; until then it can be taken back.
    pub sending: u64,
    random: Random,
}

impl Memory {
    /// Nothing kept; `faults` of a hundred sendings fail, by `seed`.
    pub fn new(seed: u64, faults: u64) -> Memory {
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
    pub fn world(&self) -> MutexGuard<'_, World> {
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
pub struct Session {
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

enum What {
    Calls(Vec<Owned>),
    /// The stem of which some pairs are to be deleted.
    Step(Vec<u8>),
}

/// A call with arguments of its own.
struct Owned {
    operation: Operation,
    stem: Vec<u8>,
    first: Vec<u8>,
    second: Vec<u8>,
}

/// A deletion.
pub struct Deletion {
    stem: Vec<u8>,
    session: Option<u64>,
}

/// What became of the first calls that were sent, or whether a step was the last.
pub struct Answers {
    known: VecDeque<Known>,
    is_last_step: bool,
    is_nonsense: bool,
}

/// What became of a call.
enum Known {
    Did(Done),
    Refused,
}

/// What a call did.
enum Done {
    Saved,
    Found(Option<Vec<u8>>),
    Deleted(u8),
}

fn reason(text: &str) -> Error {
    Error::Unreachable {
        server: "memory".into(),
        reason: text.into(),
    }
}

impl World {
    fn fails(&mut self) -> bool {
        self.random.below(100) < self.faults
    }

    /// Carries a call out.
    fn run(&mut self, call: &Owned) -> Done {
        let Owned {
            operation,
            stem,
            first,
            second,
        } = call;
        let botmatic = key::of(stem, Half::Botmatic, first);
        let external = key::of(stem, Half::External, second);
        match operation {
            Operation::SaveIds => {
                self.saved_at
                    .entry(second.clone())
                    .or_default()
                    .push(Instant::now());
                self.keys.insert(botmatic, second.clone());
                self.keys.insert(external, first.clone());
                Done::Saved
            }
            Operation::GetExtId => Done::Found(self.keys.get(&botmatic).cloned()),
            Operation::GetBotmaticId => {
                let external = key::of(stem, Half::External, first);
                Done::Found(self.keys.get(&external).cloned())
            }
            Operation::DeleteIds => {
                let gone = [botmatic, external].map(|key| self.keys.remove(&key).is_some());
                Done::Deleted(gone.into_iter().map(u8::from).sum())
            }
            Operation::DeleteAllIds => unreachable!("goes in steps"),
        }
    }

    /// Deletes some keys under a stem, and tells whether those were the last.
    fn step(&mut self, stem: &[u8]) -> bool {
        let is_own = |key: &&Vec<u8>| key::parse(stem, key).is_some();
        let own: Vec<Vec<u8>> = self.keys.keys().filter(is_own).cloned().collect();
        for key in own.iter().take(2 * STEP) {
            self.keys.remove(key);
        }
        own.len() <= 2 * STEP
    }

    fn is_poison(&self, call: &Owned) -> bool {
        self.poison.as_ref().is_some_and(|id| *id == call.first)
    }

    /// Carries out what arrives: its answers, and whether the session ends with it.
    fn arrive(&mut self, what: &What) -> (Answers, bool) {
        if self.is_nonsense {
            let answers = Answers {
                is_nonsense: true,
                ..Answers::new(VecDeque::new(), false)
            };
            return (answers, false);
        }
        let calls = match what {
            What::Step(stem) => {
                let is_last_step = self.step(stem);
                let known = VecDeque::new();
                return (Answers::new(known, is_last_step), self.fails());
            }
            What::Calls(calls) => calls,
        };
        let whole = calls.len() as u64 + 1;
        let (refuses, ends) = (self.fails(), self.fails());
        let refused = match refuses {
            true => self.random.below(whole),
            false => whole,
        };
        // The session may end before the last calls are carried out, and before the last answers come.
        let carried_out = if ends {
            self.random.below(whole)
        } else {
            whole
        };
        let answered = if ends {
            self.random.below(carried_out + 1)
        } else {
            whole
        };
        let mut known = VecDeque::new();
        for (call, n) in calls.iter().zip(0..) {
            if self.is_poison(call) {
                return (Answers::new(known, false), true);
            }
            if n >= carried_out {
                break;
            }
            let came = match n == refused {
                true => Known::Refused,
                false => Known::Did(self.run(call)),
            };
            if n < answered {
                known.push_back(came);
            }
        }
        (Answers::new(known, false), ends)
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

    fn send<'a>(&mut self, calls: impl ExactSizeIterator<Item = (Operation, Args<'a>)>, _: usize) {
        assert!(calls.len() > 0, "something is sent");
        let owned = |(operation, args): (_, Args<'_>)| Owned {
            operation,
            stem: args.stem.to_vec(),
            first: args.first.to_vec(),
            second: args.second.to_vec(),
        };
        self.push(What::Calls(calls.map(owned).collect()));
    }

    fn step(&mut self, deletion: &mut Deletion) {
        deletion.session = Some(self.number);
        self.push(What::Step(deletion.stem.clone()));
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

impl Answers {
    fn new(known: VecDeque<Known>, is_last_step: bool) -> Answers {
        Answers {
            known,
            is_last_step,
            is_nonsense: false,
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

    fn nonsense(self) -> Option<Error> {
        self.is_nonsense.then(|| reason("nonsense"))
    }
}
