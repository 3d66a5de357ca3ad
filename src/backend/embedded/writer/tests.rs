use super::*;
use crate::backend::embedded::job::{Calls, Done};
use crate::backend::embedded::testing::TestDisk;
use crate::call::{Args, Operation};

const CACHE: usize = 1024 * 1024;

fn writer(disk: &TestDisk) -> Writer {
    let disk = Box::new(disk.clone());
    Writer::new("a file".into(), disk, CACHE, Shown::default())
}

/// Has one call carried out; what became of it.
fn call(writer: &mut Writer, operation: Operation, first: &str, second: &str) -> Reply {
    let mut calls = Calls::default();
    let args = Args {
        stem: b"i",
        first: first.as_bytes(),
        second: second.as_bytes(),
    };
    calls.push(operation, args);
    let (reply, mut replied) = tokio::sync::oneshot::channel();
    writer.serve(vec![Job {
        work: Work::Calls(calls),
        is_durable: true,
        reply,
    }]);
    replied.try_recv().expect("it is answered")
}

/// Whether the pair is there that a test saves first.
fn is_kept(writer: &mut Writer) -> bool {
    let found = call(writer, Operation::GetExtId, "1", "").expect("it works");
    matches!(&found[..], [Ok(Done::Found(Some(external)))] if external == "one")
}

#[test]
fn a_close_that_fails_at_any_operation_keeps_what_was_answered() {
    for lasts in 0.. {
        let disk = TestDisk::default();
        let mut first = writer(&disk);
        call(&mut first, Operation::SaveIds, "1", "one").expect("it works");
        disk.fail_after(Some(lasts));
        first.close();
        let is_closed = !disk.has_failed();
        disk.fail_after(None);
        assert!(is_kept(&mut writer(&disk)), "after {lasts} operations");
        if is_closed {
            break;
        }
    }
}

#[test]
fn a_close_after_a_failure_keeps_what_was_answered() {
    let disk = TestDisk::default();
    let mut first = writer(&disk);
    call(&mut first, Operation::SaveIds, "1", "one").expect("it works");
    disk.fail_after(Some(0));
    let failed = call(&mut first, Operation::SaveIds, "2", "two");
    assert!(matches!(failed, Err(Error::Storage { .. })), "{failed:?}");
    disk.fail_after(None);
    first.close();
    assert!(is_kept(&mut writer(&disk)));
}
