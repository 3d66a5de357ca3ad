use super::*;
use crate::backend::embedded::testing::{Cut, Power};

const STEPS: usize = 8;

/// A disk of which so many operations fail after so many others, while something is done, and on which the
/// power is cut at the end; whether any has failed.
fn run(seed: u64, after: usize, times: usize, cut: Cut) -> bool {
    let about = format!("SEED={seed}, {times} failures after {after} operations, cut {cut:?}");
    let mut run = Run::new(seed, true);
    run.call();
    run.disk.fail(after, times);
    for _ in 0..STEPS {
        run.step();
    }
    let has_failed = run.disk.heal();
    // It works again, whatever failed.
    let reply = run.writer.reply(Work::Open, true);
    reply.unwrap_or_else(|error| panic!("{about}: {error}"));
    run.mark(true);
    run.call();
    let mut power = Power::default();
    for event in &run.disk.events() {
        power.follow(event, &mut run.chance);
    }
    check(&power.cut(cut, &mut run.chance), &run.models, &about);
    has_failed
}

#[test]
fn a_disk_that_fails_at_any_operation_loses_nothing_and_heals() {
    let seed = seed();
    for (times, cut) in [(1, Cut::Some), (1, Cut::None), (9, Cut::Some)] {
        let failed = (0..).take_while(|after| run(seed, *after, times, cut));
        assert!(failed.count() > STEPS, "each operation fails once");
    }
}
