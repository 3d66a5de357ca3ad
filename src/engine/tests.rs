//! Calls by chance over a backend that fails by chance, in virtual time, against a model that does
//! one call after the other. `SEED=7 cargo test engine::tests` repeats a run.

mod harness;
mod model;

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::testing::{Memory, Random};
use crate::call::{Answer, Operation};
use crate::key::{self, Half};
use harness::Harness;
use model::{Made, Model};

const CASES: u64 = 3_000;
/// Finding a poison call takes many sessions.
const POISON_CASES: u64 = 50;
/// Deadlines that lie closer together than this are seen in one look, and what has left arrives
/// within this.
const GRAIN: Duration = Duration::from_millis(40);
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

fn any_call(random: &mut Random, longest: Option<u64>) -> Made {
    let operation = match random.below(20) {
        0..8 => Operation::SaveIds,
        8..12 => Operation::DeleteIds,
        12..16 => Operation::GetExtId,
        16..19 => Operation::GetBotmaticId,
        _ => Operation::DeleteAllIds,
    };
    let stem = ["a", "b"][random.below(2) as usize];
    let (first, second) = (random.below(3).to_string(), format!("x{}", random.below(3)));
    let ids = match operation {
        Operation::GetBotmaticId => [second, String::new()],
        Operation::GetExtId => [first, String::new()],
        Operation::SaveIds | Operation::DeleteIds => [first, second],
        _ => [String::new(), String::new()],
    };
    Made {
        operation,
        stem,
        ids,
        deadline: longest.map_or(LONG, |longest| {
            Duration::from_millis(1 + random.below(longest))
        }),
    }
}

/// Runs a case for each seed, in virtual time; says which one failed.
fn each_seed<F: Future<Output = ()>>(cases: u64, case: impl Fn(u64) -> F) {
    struct Told(u64);
    impl Drop for Told {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("SEED={}", self.0);
            }
        }
    }
    let seeds = match std::env::var("SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().expect("a number");
            seed..seed + 1
        }
        Err(_) => {
            let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
            let first = now.as_secs() * cases;
            first..first + cases
        }
    };
    for seed in seeds {
        let _told = Told(seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let day = Duration::from_secs(24 * 60 * 60);
        let ended = runtime.block_on(async { timeout(day, case(seed)).await });
        assert!(ended.is_ok(), "a call hangs");
    }
}

/// Makes bursts of calls, some while the ones before are under way.
async fn make_calls(harness: &mut Harness, random: &mut Random, longest: Option<u64>) -> Vec<Made> {
    let mut all = Vec::new();
    for _ in 0..1 + random.below(6) {
        for _ in 0..1 + random.below(8) {
            let made = any_call(random, longest);
            harness.make(all.len(), &made);
            all.push(made);
        }
        harness.submission.end(all.len());
        sleep(Duration::from_millis(random.below(40))).await;
    }
    all
}

#[test]
fn calls_come_to_what_they_would_one_after_the_other() {
    each_seed(CASES, |seed| async move {
        let mut random = Random::new(seed);
        let faults = random.below(4) * 10;
        let mut harness = Harness::new(Memory::new(seed, faults));
        let all = make_calls(&mut harness, &mut random, None).await;
        let mut model = Model::default();
        let expected: Vec<_> = (0..)
            .zip(&all)
            .map(|(n, made)| model.call(n, made))
            .collect();
        for (completion, _) in harness.completions(all.len()).await {
            let n = completion.ticket as usize;
            let (answer, looked_up) = &expected[n];
            let came = completion.result.expect("there is time enough");
            let once_more = completion.attempts > 1;
            let is_allowed = match (&all[n].operation, looked_up) {
                (_, Some(key)) => once_more && model.held_later(n, key, &came),
                // One whose answer was lost, or that came too early, may be told from what else
                // was done to its keys only in part.
                (Operation::DeleteIds, _) => once_more,
                _ => false,
            };
            assert!(
                came == *answer || is_allowed,
                "{n}: {:?} came to {came:?} and not {answer:?} in {all:#?}",
                all[n]
            );
        }
        assert_eq!(harness.memory.world().keys, model.keys, "{all:#?}");
    });
}

#[test]
fn a_delete_that_is_known_or_done_again_tells_what_it_found() {
    each_seed(CASES, |seed| async move {
        // One call on each pair, so that nothing else tells on it.
        let mut random = Random::new(seed);
        let mut harness = Harness::new(Memory::new(seed, 20));
        let count = 1 + random.below(40) as usize;
        let states: Vec<u64> = (0..count).map(|_| random.below(4)).collect();
        for (n, state) in states.iter().enumerate() {
            let pair = [
                (Half::Botmatic, format!("{n}")),
                (Half::External, format!("x{n}")),
            ];
            for (bit, (half, id)) in pair.into_iter().enumerate() {
                if state & (1 << bit) != 0 {
                    let key = key::of(b"a", half, id.as_bytes());
                    harness.memory.world().keys.insert(key, b"y".to_vec());
                }
            }
            let made = Made {
                operation: Operation::DeleteIds,
                stem: "a",
                ids: [format!("{n}"), format!("x{n}")],
                deadline: LONG,
            };
            harness.make(n, &made);
        }
        harness.submission.end(count);
        for (completion, _) in harness.completions(count).await {
            let state = states[completion.ticket as usize];
            let came = completion.result.expect("there is time enough");
            let counts_as_done = completion.attempts > 1;
            assert!(
                came == Answer::from(state == 3) || (counts_as_done && came == Answer::Yes),
                "{state}: {came:?}"
            );
            assert!(state != 3 || came == Answer::Yes);
        }
        assert!(harness.memory.world().keys.is_empty());
    });
}

#[test]
fn no_call_is_late_and_none_is_carried_out_after_it_failed() {
    each_seed(CASES, |seed| async move {
        let mut random = Random::new(seed);
        let mut harness = Harness::new(Memory::new(seed, 30));
        harness.memory.world().sending = 200;
        let mut all = Vec::new();
        let mut made_at = Vec::new();
        for n in 0..2 + random.below(30) as usize {
            // Each save has an external id of its own, by which it is known.
            let mut made = any_call(&mut random, Some(300));
            if made.operation == Operation::SaveIds {
                made.ids[1] = format!("own{n}");
            }
            harness.make(n, &made);
            made_at.push(Instant::now());
            all.push(made);
            if random.below(3) == 0 {
                harness.submission.end(1);
                sleep(Duration::from_millis(random.below(30))).await;
            }
        }
        harness.submission.end(1);
        for (completion, at) in harness.completions(all.len()).await {
            let n = completion.ticket as usize;
            // Counted from when the call is taken, at the end of its burst.
            let end = made_at[n] + all[n].deadline + 2 * GRAIN;
            assert!(at <= end, "{:?} {:?} late", all[n], at - end);
            let world = harness.memory.world();
            let saved_at = world.saved_at.get(all[n].ids[1].as_bytes());
            for saved_at in saved_at.into_iter().flatten() {
                assert!(
                    *saved_at <= end,
                    "{:?} was carried out after it failed",
                    all[n]
                );
            }
        }
    });
}

#[test]
fn a_poison_call_fails_by_itself() {
    each_seed(POISON_CASES, |seed| async move {
        let mut random = Random::new(seed);
        let mut harness = Harness::new(Memory::new(seed, 0));
        harness.memory.world().poison = Some(b"poison".to_vec());
        let count = 2 + random.below(200) as usize;
        let poison = random.below(count as u64) as usize;
        for n in 0..count {
            let id = if n == poison {
                "poison".to_owned()
            } else {
                n.to_string()
            };
            let made = Made {
                operation: Operation::SaveIds,
                stem: "a",
                ids: [id, format!("x{n}")],
                deadline: LONG,
            };
            harness.make(n, &made);
        }
        harness.submission.end(count);
        for (completion, _) in harness.completions(count).await {
            let is_poison = completion.ticket as usize == poison;
            match completion.result {
                Ok(answer) => assert!(!is_poison && answer == Answer::Yes),
                Err(failure) => assert!(is_poison, "{}", failure.error),
            }
        }
        assert_eq!(harness.memory.world().keys.len(), 2 * (count - 1));
    });
}
