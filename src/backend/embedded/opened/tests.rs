use super::*;
use crate::backend::embedded::testing::{Chance, Cut, TestDisk};
use std::collections::BTreeMap;

const CACHE: usize = 1024 * 1024;
const STEMS: [&str; 3] = ["i", "j", "a:b:x"];
const IDS: usize = 40;

/// A call, with an id of each side.
type OwnCall = (Operation, &'static str, usize, usize);

/// What is kept, by stem, half and id.
type Model = BTreeMap<(&'static str, bool, String), String>;

fn botmatic(n: usize) -> String {
    format!("{n}")
}

fn external(n: usize) -> String {
    format!("ext.{n}")
}

fn carry_out(model: &mut Model, (operation, stem, one, other): OwnCall) {
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
        _ => model.retain(|(own, ..), _| *own != stem),
    }
}

/// What a view holds.
fn contents(shown: &Shown) -> Model {
    let shown = shown.read();
    let view = shown.as_ref().expect("it is open");
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
    model
}

fn random_call(chance: &mut Chance) -> OwnCall {
    let stem = STEMS[chance.below(STEMS.len())];
    let operation = match chance.below(40) {
        0 => Operation::DeleteAllIds,
        1..10 => Operation::DeleteIds,
        _ => Operation::SaveIds,
    };
    (operation, stem, chance.below(IDS), chance.below(IDS))
}

fn calls_of(own: &[OwnCall]) -> Calls {
    let mut calls = Calls::default();
    for (operation, stem, one, other) in own {
        let (one, other) = (botmatic(*one), external(*other));
        let args = Args {
            stem: stem.as_bytes(),
            first: one.as_bytes(),
            second: other.as_bytes(),
        };
        calls.push(*operation, args);
    }
    calls
}

impl Opened {
    /// How many pairs a listing counts.
    fn pairs(&self, stem: &str) -> u64 {
        let snapshot = self.tables.snapshot().expect("it is open");
        let listed = snapshot.integrations(stem.as_bytes(), b"", PAGE);
        let listed = listed.expect("it can be read").split_off(1);
        let own = listed.iter().find_map(|item| item.strip_suffix(b":"));
        let text = own.map(|pairs| String::from_utf8_lossy(pairs).into_owned());
        text.map_or(0, |pairs| pairs.parse().expect("a number"))
    }
}

/// A store that is written to by chance, as its writer would.
struct Run {
    disk: TestDisk,
    shown: Shown,
    opened: Option<Opened>,
    chance: Chance,
    /// All calls that were made.
    made: Vec<OwnCall>,
    /// How many of them were answered after so many events.
    answered: Vec<(usize, usize)>,
    /// Whether each was.
    is_answered: Vec<bool>,
}

impl Run {
    fn new(seed: u64) -> Run {
        Run {
            disk: TestDisk::default(),
            shown: Shown::default(),
            opened: None,
            chance: Chance(seed),
            made: Vec::new(),
            answered: Vec::new(),
            is_answered: Vec::new(),
        }
    }

    fn opened(&mut self) -> Result<&mut Opened, Trouble> {
        if self.opened.is_none() {
            self.opened = Some(Opened::open(&self.disk, CACHE, &self.shown)?);
        }
        Ok(self.opened.as_mut().expect("it was just opened"))
    }

    fn let_go(&mut self) {
        *self.shown.write() = None;
        self.opened = None;
    }

    fn step(&mut self) -> Result<(), Trouble> {
        match self.chance.below(12) {
            0 => {
                let shown = self.shown.clone();
                self.opened()?.checkpoint(true, &shown)?;
            }
            1 => {
                let shown = self.shown.clone();
                self.opened()?.collect(&shown)?;
            }
            2 => {
                let shown = self.shown.clone();
                self.opened()?.finish(&shown)?;
                self.let_go();
                self.disk.remove_log()?;
            }
            _ => {
                let many = 1 + self.chance.below(12);
                let own: Vec<_> = (0..many).map(|_| random_call(&mut self.chance)).collect();
                self.made.extend(&own);
                self.is_answered.resize(self.made.len(), false);
                let shown = self.shown.clone();
                let disk = self.disk.clone();
                let opened = self.opened()?;
                opened.run(&calls_of(&own), &disk, true, &shown)?;
                opened.commit(&disk, true)?;
                self.answered.push((self.disk.events(), self.made.len()));
                let first = self.made.len() - own.len();
                self.is_answered[first..].fill(true);
            }
        }
        Ok(())
    }
}

/// Opens what a power cut left: it holds what the calls up to one come to that is no earlier than the last
/// answered. Its counts are right, and it goes on.
fn check(disk: &TestDisk, made: &[OwnCall], answered: usize, about: &str) {
    let shown = Shown::default();
    let mut opened =
        Opened::open(disk, CACHE, &shown).unwrap_or_else(|trouble| panic!("{about}: {trouble}"));
    let found = contents(&shown);
    let mut model = Model::new();
    for call in &made[..answered] {
        carry_out(&mut model, *call);
    }
    let mut rest = made[answered..].iter();
    while model != found {
        let Some(call) = rest.next() else {
            panic!("{about}: it holds what no calls come to: {found:?}");
        };
        carry_out(&mut model, *call);
    }
    opened
        .run(
            &calls_of(&[(Operation::SaveIds, "i", 1, 1)]),
            disk,
            true,
            &shown,
        )
        .expect("it goes on");
    opened.commit(disk, true).expect("it goes on");
    carry_out(&mut model, (Operation::SaveIds, "i", 1, 1));
    opened.finish(&shown).expect("it can be closed");
    assert_eq!(contents(&shown), model, "{about}, closed");
    for stem in STEMS {
        let pairs = model
            .keys()
            .filter(|(own, half, _)| *own == stem && *half)
            .count();
        let counted = opened.pairs(stem);
        assert_eq!(counted, pairs as u64, "{about}: pairs of {stem}");
    }
}

fn seed() -> u64 {
    let given = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(new_salt)
}

/// `POWER_STEPS=500` makes a longer run.
#[test]
fn a_power_cut_at_any_write_loses_nothing_that_was_answered() {
    let seed = seed();
    let steps = std::env::var("POWER_STEPS").map_or(24, |steps| steps.parse().expect("a number"));
    let mut run = Run::new(seed);
    run.opened().expect("it opens");
    let begun = run.disk.events();
    for _ in 0..steps {
        run.step().expect("the disk works");
    }
    let end = run.disk.events();
    for after in begun..=end {
        let answered = run
            .answered
            .iter()
            .rev()
            .find(|(events, _)| *events <= after);
        let answered = answered.map_or(0, |(_, answered)| *answered);
        for cut in [Cut::None, Cut::All, Cut::Some] {
            let disk = run.disk.cut(after, cut, &mut run.chance);
            let about = format!("SEED={seed}, cut {cut:?} after {after} of {end}");
            check(&disk, &run.made, answered, &about);
        }
    }
}

#[test]
fn a_disk_that_fails_at_any_operation_loses_nothing_and_heals() {
    let seed = seed();
    for lasts in 0..200 {
        let mut run = Run::new(seed);
        run.opened().expect("it opens");
        run.step().expect("it works");
        run.disk.fail_after(Some(lasts));
        let mut failures = 0;
        for step in 0..24 {
            if run.step().is_err() {
                failures += 1;
                run.let_go();
            }
            // The cause is gone after a while.
            if step == 16 {
                run.disk.fail_after(None);
            }
        }
        run.disk.fail_after(None);
        run.let_go();
        let answered = run.answered.last().map_or(0, |(_, answered)| *answered);
        let about = format!("SEED={seed}, {lasts} operations, {failures} failures");
        // What failed may have been carried out or not, so that what came after it is judged by itself.
        if failures == 0 {
            check(&run.disk, &run.made, answered, &about);
        } else {
            check_after_failures(&run, &about);
        }
    }
}

/// Each id holds what the last answered call on it left, or what a later one would have that failed.
fn check_after_failures(run: &Run, about: &str) {
    let shown = Shown::default();
    Opened::open(&run.disk, CACHE, &shown).unwrap_or_else(|trouble| panic!("{about}: {trouble}"));
    let found = contents(&shown);
    for stem in STEMS {
        for n in 0..IDS {
            for (half, id) in [(true, botmatic(n)), (false, external(n))] {
                let key = (stem, half, id);
                let mut possible = vec![None];
                for (call, answered) in run.made.iter().zip(&run.is_answered) {
                    let mut model = Model::new();
                    if let Some(Some(before)) = possible.last() {
                        model.insert(key.clone(), String::clone(before));
                    }
                    let touched = match call {
                        (Operation::DeleteAllIds, own, ..) => *own == stem,
                        (_, own, one, other) => {
                            *own == stem && (if half { *one } else { *other }) == n
                        }
                    };
                    if !touched {
                        continue;
                    }
                    carry_out(&mut model, *call);
                    let value = model.get(&key).cloned();
                    if *answered {
                        possible = vec![value];
                    } else {
                        possible.push(value);
                    }
                }
                let held = found.get(&key).cloned();
                assert!(
                    possible.contains(&held),
                    "{about}: {key:?} holds {held:?}, not {possible:?}"
                );
            }
        }
    }
}
