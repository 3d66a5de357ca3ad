use super::*;
use crate::backend::embedded::testing::{Cut, Power};

/// A disk whose operation number `after` fails, and some of those behind it; the power is cut at the end.
fn run(seed: u64, after: usize, times: usize) -> bool {
    let about = format!("SEED={seed}, {times} failures after {after} operations");
    let mut run = Run::new(seed, true);
    run.call();
    run.disk.fail(after, times);
    for _ in 0..16 {
        run.step();
    }
    let has_failed = run.disk.heal();
    // It works again, whatever failed.
    let reply = run.writer.reply(Work::Open, true);
    reply.unwrap_or_else(|error| panic!("{about}: {error}"));
    run.mark(true);
    for _ in 0..4 {
        run.call();
    }
    let mut power = Power::default();
    for event in &run.disk.events() {
        power.follow(event, &mut run.chance);
    }
    for cut in [Cut::None, Cut::All, Cut::Some] {
        let disk = power.cut(cut, &mut run.chance);
        check(&disk, &run.models, &format!("{about}, cut {cut:?}"));
    }
    has_failed
}

#[test]
fn a_disk_that_fails_at_any_operation_loses_nothing_and_heals() {
    let seed = seed();
    let all = |times| (0..).take_while(|after| run(seed, *after, times)).count();
    for times in [1, 3, 40] {
        assert!(all(times) > 20, "it fails at each operation of a run");
    }
}
