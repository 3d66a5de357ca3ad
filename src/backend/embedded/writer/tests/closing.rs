use super::*;

#[test]
fn a_close_that_fails_at_any_operation_keeps_what_was_answered() {
    for after in 0.. {
        let disk = TestDisk::default();
        let mut writer = Writer::of(&disk);
        writer.reply(work_of(&[PAIR]), true).expect("it works");
        disk.fail(after, 1);
        writer.close();
        let has_failed = disk.heal();
        assert!(is_kept(&mut Writer::of(&disk)), "after {after} operations");
        if !has_failed {
            break;
        }
    }
}

#[test]
fn a_close_after_a_failure_keeps_what_was_answered() {
    let disk = TestDisk::default();
    let mut writer = Writer::of(&disk);
    writer.reply(work_of(&[PAIR]), true).expect("it works");
    disk.fail(0, 1);
    let failed = writer.reply(work_of(&[(Operation::SaveIds, "i", 2, 2)]), true);
    assert!(matches!(failed, Err(Error::Storage { .. })), "{failed:?}");
    writer.close();
    assert!(is_kept(&mut Writer::of(&disk)));
}

#[test]
fn what_is_of_no_use_is_removed_also_when_something_is_always_asked_for() {
    let mut writer = Writer::of(&TestDisk::default());
    for call in [PAIR, (Operation::DeleteAllIds, "i", 0, 0)] {
        writer.reply(work_of(&[call]), true).expect("it works");
        writer.tidy(|opened, _, shown| opened.checkpoint(true, shown));
    }
    let (sender, jobs) = std::sync::mpsc::channel();
    while writer.opened.as_ref().is_some_and(Opened::has_garbage) {
        let (reply, _) = tokio::sync::oneshot::channel();
        let job = Job {
            work: Work::Open,
            is_durable: true,
            reply,
        };
        sender.send(job).expect("it is taken");
        writer.next(&jobs).expect("there is one");
    }
    let shown = writer.shown.read();
    let counts = shown.as_ref().expect("it is open").snapshot.counts();
    assert_eq!(counts.expect("it can be read").0, 0);
}
