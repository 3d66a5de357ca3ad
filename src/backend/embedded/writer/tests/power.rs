use super::*;
use crate::backend::embedded::testing::{Cut, Power};

/// `POWER_STEPS=500` makes a longer run.
fn steps() -> usize {
    std::env::var("POWER_STEPS").map_or(16, |steps| steps.parse().expect("a number"))
}

/// Cuts the power after each thing that happened.
fn cut_everywhere(run: &mut Run, about: &str) {
    let events = run.disk.events();
    let mut power = Power::default();
    let mut is_database = false;
    for (happened, event) in events.iter().enumerate() {
        power.follow(event, &mut run.chance);
        let happened = happened + 1;
        is_database |= happened >= run.marks[1].happened;
        if !is_database {
            continue;
        }
        let possible = run.possible(happened);
        for cut in [Cut::None, Cut::All, Cut::Some] {
            let disk = power.cut(cut, &mut run.chance);
            let about = format!("{about}, cut {cut:?} after {happened} of {}", events.len());
            check(&disk, &possible, &about);
        }
    }
}

fn run(is_durable: bool) {
    let seed = seed();
    let mut run = Run::new(seed, is_durable);
    run.compacts = true;
    run.writer.reply(Work::Open, true).expect("it opens");
    run.mark(true);
    for _ in 0..steps() {
        run.step();
    }
    cut_everywhere(&mut run, &format!("SEED={seed}"));
}

#[test]
fn a_power_cut_at_any_write_loses_nothing_that_was_answered() {
    run(true);
}

#[test]
fn a_power_cut_leaves_no_half_of_what_was_not_on_the_disk_yet() {
    run(false);
}
