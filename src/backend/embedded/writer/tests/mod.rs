mod closing;
mod failing;
mod files;
mod power;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::backend::embedded::job::{Calls, Done};
use crate::backend::embedded::testing::{Chance, TestDisk};
use crate::call::{Args, Operation};
use crate::key::Half;

const CACHE: usize = 1024 * 1024;
const STEMS: [&str; 3] = ["i", "", "a:b:x"];
const IDS: usize = 12;

/// A call, with an id of each side.
type Call = (Operation, &'static str, usize, usize);

const PAIR: Call = (Operation::SaveIds, "i", 1, 1);

/// What is kept, by stem, half and id.
type Model = BTreeMap<(&'static str, bool, String), String>;

/// What may be kept: a call that failed may have been carried out or not.
type Models = BTreeSet<Model>;

fn botmatic(n: usize) -> String {
    format!("{n:02}")
}

fn external(n: usize) -> String {
    format!("ext.{n:02}")
}

fn carry_out(model: &mut Model, (operation, stem, one, other): Call) {
    let (one, other) = (botmatic(one), external(other));
    match operation {
        Operation::SaveIds => {
            model.insert((stem, true, one.clone()), other.clone());
            model.insert((stem, false, other), one);
        }
        Operation::DeleteIds => {
            model.remove(&(stem, true, one));
            model.remove(&(stem, false, other));
        }
        Operation::DeleteAllIds => model.retain(|(own, ..), _| *own != stem),
        _ => {}
    }
}

fn random_call(chance: &mut Chance) -> Call {
    let stem = STEMS[chance.below(STEMS.len())];
    let operation = match chance.below(40) {
        0 => Operation::DeleteAllIds,
        1..10 => Operation::DeleteIds,
        _ => Operation::SaveIds,
    };
    (operation, stem, chance.below(IDS), chance.below(IDS))
}

fn work_of(calls: &[Call]) -> Work {
    let mut work = Calls::default();
    for (operation, stem, one, other) in calls {
        let (one, other) = (botmatic(*one), external(*other));
        let args = Args {
            stem: stem.as_bytes(),
            first: one.as_bytes(),
            second: other.as_bytes(),
        };
        work.push(*operation, args);
    }
    Work::Calls(work)
}

impl Writer {
    fn of(disk: &TestDisk) -> Writer {
        let disk = Box::new(disk.clone());
        Writer::new("a file".into(), disk, CACHE, Shown::default())
    }

    /// Has something done; what became of it.
    fn reply(&mut self, work: Work, is_durable: bool) -> Reply {
        let (reply, mut replied) = tokio::sync::oneshot::channel();
        self.serve(vec![Job {
            work,
            is_durable,
            reply,
        }]);
        replied.try_recv().expect("it is answered")
    }

    /// All that is kept; `None` when the file is not open.
    fn contents(&self) -> Option<Model> {
        let shown = self.shown.read();
        let view = shown.as_ref()?;
        let mut model = Model::new();
        for stem in STEMS {
            for n in 0..IDS {
                for (is_botmatic, half, id) in [
                    (true, Half::Botmatic, botmatic(n)),
                    (false, Half::External, external(n)),
                ] {
                    let found = view.get(stem.as_bytes(), half, id.as_bytes());
                    if let Some(other) = found.expect("it can be read") {
                        let other = String::from_utf8(other.to_vec()).expect("an id of ours");
                        model.insert((stem, is_botmatic, id), other);
                    }
                }
            }
        }
        Some(model)
    }
}

/// Whether [`PAIR`] is there.
fn is_kept(writer: &mut Writer) -> bool {
    let found = writer.reply(work_of(&[(Operation::GetExtId, "i", 1, 1)]), true);
    let found = found.expect("it works");
    matches!(&found[..], [Ok(Done::Found(Some(id)))] if *id == external(1))
}

/// A store that is written to by chance.
struct Run {
    disk: TestDisk,
    writer: Writer,
    chance: Chance,
    /// Whether all that is answered is to be on the disk.
    is_durable: bool,
    /// Whether the file is made small now and then. redb puts that on the disk in one step, so that a sync
    /// that fails is taken for good until the power is cut.
    compacts: bool,
    models: Models,
    /// How much had happened when all that was answered was surely on the disk, or when something was
    /// answered.
    marks: Vec<Mark>,
}

struct Mark {
    happened: usize,
    is_safe: bool,
    models: Models,
}

impl Run {
    fn new(seed: u64, is_durable: bool) -> Run {
        let disk = TestDisk::default();
        let mut run = Run {
            writer: Writer::of(&disk),
            disk,
            chance: Chance(seed),
            is_durable,
            compacts: false,
            models: [Model::new()].into(),
            marks: Vec::new(),
        };
        run.mark(true);
        run
    }

    fn mark(&mut self, is_safe: bool) {
        // What is open is what came of it.
        if let Some(contents) = self.writer.contents() {
            let is_one = self.models.contains(&contents);
            assert!(is_one, "{contents:?} is none of {:?}", self.models);
            self.models = [contents].into();
        }
        self.marks.push(Mark {
            happened: self.disk.happened(),
            is_safe,
            models: self.models.clone(),
        });
    }

    fn step(&mut self) {
        match self.chance.below(12) {
            0 => {
                self.writer
                    .tidy(|opened, _, shown| opened.checkpoint(true, shown));
                let is_safe = self.writer.opened.is_some();
                self.mark(is_safe);
            }
            1 => self.writer.tidy(|opened, _, shown| opened.collect(shown)),
            2 => {
                self.writer.close();
                self.mark(self.is_durable);
            }
            3 if self.compacts => self.make(&[(Operation::Compact, "", 0, 0)]),
            _ => self.call(),
        }
    }

    fn call(&mut self) {
        // Frames are often as long as each other, so that one of an earlier round could follow another.
        let many = [1, 1, 1, 2, 5, 12][self.chance.below(6)];
        let calls: Vec<_> = (0..many).map(|_| random_call(&mut self.chance)).collect();
        self.make(&calls);
    }

    fn make(&mut self, calls: &[Call]) {
        let is_durable = self.is_durable || self.chance.below(4) == 0;
        let reply = self.writer.reply(work_of(calls), is_durable);
        let mut carried_out = Models::new();
        for mut model in self.models.clone() {
            for call in calls {
                carry_out(&mut model, *call);
            }
            carried_out.insert(model);
        }
        match reply {
            Ok(_) => self.models = carried_out,
            Err(Error::Storage { .. }) => self.models.extend(carried_out),
            Err(error) => panic!("{error}"),
        }
        let is_safe = is_durable && self.writer.opened.is_some();
        self.mark(is_safe);
    }

    /// What may be found after a power cut that came when so much had happened.
    fn possible(&self, happened: usize) -> Models {
        let is_over = |mark: &&Mark| mark.happened <= happened;
        let over = self.marks.iter().take_while(is_over).count();
        let from = self.marks[..over].iter().rposition(|mark| mark.is_safe);
        let to = (over + 1).min(self.marks.len());
        let marks = &self.marks[from.expect("the first is")..to];
        marks.iter().flat_map(|mark| mark.models.clone()).collect()
    }
}

/// Opens what was left: it holds what it may, goes on, and has its counts right.
fn check(disk: &TestDisk, possible: &Models, about: &str) {
    let mut writer = Writer::of(disk);
    let opened = writer.reply(Work::Open, true);
    opened.unwrap_or_else(|error| panic!("{about}: {error}"));
    let mut model = writer.contents().expect("it is open");
    let is_one = possible.contains(&model);
    assert!(is_one, "{about}: {model:?} is none of {possible:?}");

    writer.reply(work_of(&[PAIR]), true).expect("it goes on");
    carry_out(&mut model, PAIR);
    writer.close();
    let reopened = writer.reply(Work::Open, true);
    reopened.unwrap_or_else(|error| panic!("{about}, closed: {error}"));
    assert_eq!(writer.contents(), Some(model.clone()), "{about}, closed");

    while writer.opened.as_ref().is_some_and(Opened::has_garbage) {
        writer.tidy(|opened, _, shown| opened.collect(shown));
    }
    let shown = writer.shown.read();
    let snapshot = &shown.as_ref().expect("it is open").snapshot;
    let (rows, pairs) = snapshot.counts().expect("it can be read");
    assert_eq!(rows, model.len() as u64, "{about}: rows");
    let mut counted = BTreeMap::new();
    for (stem, is_botmatic, _) in model.keys() {
        *counted.entry(stem.as_bytes().to_vec()).or_default() += u64::from(*is_botmatic);
    }
    let pairs: BTreeMap<_, _> = pairs.into_iter().filter(|(_, pairs)| *pairs > 0).collect();
    counted.retain(|_, pairs| *pairs > 0);
    assert_eq!(pairs, counted, "{about}: pairs");
}

/// `SEED` of a run that failed, to see it once more.
fn seed() -> u64 {
    let given = std::env::var("SEED")
        .ok()
        .map(|seed| seed.parse().expect("a number"));
    given.unwrap_or_else(|| {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(0) | 1
    })
}
