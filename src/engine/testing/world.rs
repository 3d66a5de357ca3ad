//! What the backend in memory keeps, and by what chance it fails.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use super::Random;
use crate::call::Operation;
use crate::key::{self, Half};

/// How many pairs one step of a deletion takes.
const STEP: usize = 3;

/// What all sessions share.
pub(crate) struct World {
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
    pub random: Random,
}

/// What is sent in one go.
pub(crate) enum What {
    Calls(Vec<Owned>),
    /// The stem of which some pairs are to be deleted.
    Step(Vec<u8>),
}

/// A call with arguments of its own.
pub(crate) struct Owned {
    pub operation: Operation,
    pub stem: Vec<u8>,
    pub first: Vec<u8>,
    pub second: Vec<u8>,
}

/// What became of a call.
pub(crate) enum Known {
    Did(Done),
    Refused,
}

/// What a call did.
pub(crate) enum Done {
    Saved,
    Found(Option<Vec<u8>>),
    Deleted(u8),
}

/// What became of the first calls that were sent, or whether a step was the last.
pub(crate) struct Answers {
    pub known: VecDeque<Known>,
    pub is_last_step: bool,
    pub is_nonsense: bool,
}

impl Answers {
    pub(crate) fn new(known: VecDeque<Known>, is_last_step: bool) -> Answers {
        Answers {
            known,
            is_last_step,
            is_nonsense: false,
        }
    }
}

impl World {
    pub(crate) fn fails(&mut self) -> bool {
        self.random.below(100) < self.faults
    }

    /// Carries a call out.
    pub(crate) fn run(&mut self, call: &Owned) -> Done {
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
            Operation::ListIds => unreachable!("not among the random calls"),
        }
    }

    /// Deletes some keys under a stem, and tells whether those were the last.
    pub(crate) fn step(&mut self, stem: &[u8]) -> bool {
        let is_own = |key: &&Vec<u8>| key::parse(stem, key).is_some();
        let own: Vec<Vec<u8>> = self.keys.keys().filter(is_own).cloned().collect();
        for key in own.iter().take(2 * STEP) {
            self.keys.remove(key);
        }
        own.len() <= 2 * STEP
    }

    pub(crate) fn is_poison(&self, call: &Owned) -> bool {
        self.poison.as_ref().is_some_and(|id| *id == call.first)
    }

    /// Carries out what arrives: its answers, and whether the session ends with it.
    pub(crate) fn arrive(&mut self, what: &What) -> (Answers, bool) {
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
