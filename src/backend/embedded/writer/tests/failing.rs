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
        assert!(failed.count() > 0, "each operation fails once");
    }
}

/// Whether the log has what the tables have not.
fn is_in_log(writer: &Writer) -> bool {
    let shown = writer.shown.read();
    shown.as_ref().expect("it is open").memtable.bytes() > 0
}

#[test]
fn a_checkpoint_that_fails_is_tried_again_later_and_calls_go_on_meanwhile() {
    let disk = TestDisk::default();
    let mut writer = Writer::of(&disk);
    writer.reply(work_of(&[PAIR]), true).expect("it works");
    let long: &str = "i".repeat(3 * 1024 * 1024).leak();
    let large = [(Operation::SaveIds, long, 2, 2)];
    // The log takes a write for its growth and one for the frame, and a sync.
    disk.fail(3, 1);
    writer.reply(work_of(&large), true).expect("the log works");
    assert!(disk.heal(), "the checkpoint failed");
    for _ in 0..2 {
        writer.reply(work_of(&[PAIR]), true).expect("it works");
        assert!(is_in_log(&writer));
    }
    let earlier = Instant::now().checked_sub(2 * PAUSE);
    writer.failed = Some(earlier.expect("the machine runs long enough"));
    writer.reply(work_of(&[PAIR]), true).expect("it works");
    assert!(!is_in_log(&writer));
    assert!(is_kept(&mut writer));
}
