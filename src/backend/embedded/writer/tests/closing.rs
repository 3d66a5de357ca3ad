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
