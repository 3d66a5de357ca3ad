use super::*;
use crate::backend::embedded::disk::Disk;
use crate::backend::embedded::testing::TestDisk;

const SALT: u64 = 7;

fn storage(disk: &TestDisk) -> Box<dyn StorageBackend> {
    disk.log(false).unwrap().unwrap()
}

fn new_log(disk: &TestDisk) -> Log {
    Log::new(disk.log(true).unwrap().unwrap(), SALT).unwrap()
}

fn append(log: &mut Log, changes: &[u8]) {
    let mut frame = Frame::new();
    frame.changes().extend_from_slice(changes);
    log.append(&mut frame, true).unwrap();
}

/// Opens a log once more, and says what it holds.
fn read(disk: &TestDisk, salt: u64) -> (Log, Vec<Vec<u8>>) {
    let mut frames = Vec::new();
    let log = Log::read(storage(disk), salt, |changes| {
        frames.push(changes.to_vec());
        Some(())
    });
    (log.unwrap(), frames)
}

#[test]
fn a_log_reads_back_and_goes_on() {
    let disk = TestDisk::default();
    let large = vec![b'x'; GROWTH as usize * 2];
    let mut log = new_log(&disk);
    for frame in [&b"one"[..], &large, b"three"] {
        append(&mut log, frame);
    }
    assert_eq!(storage(&disk).len().unwrap() % GROWTH, 0);
    let (mut log, frames) = read(&disk, SALT);
    assert_eq!(frames, [b"one".to_vec(), large.clone(), b"three".to_vec()]);
    append(&mut log, b"four");
    assert_eq!(read(&disk, SALT).1[3], b"four");
}

#[test]
fn a_log_without_a_whole_frame_is_empty() {
    let disk = TestDisk::default();
    let mut log = new_log(&disk);
    assert!(read(&disk, SALT).1.is_empty(), "of no length");
    append(&mut log, b"one");
    let storage = storage(&disk);
    storage.set_len(5).unwrap();
    assert!(read(&disk, SALT).1.is_empty(), "of less than a head");
    storage.set_len(GROWTH).unwrap();
    storage.write(0, &[0; 32]).unwrap();
    assert!(read(&disk, SALT).1.is_empty(), "of zeros");
    storage.write(0, &[0xff; 32]).unwrap();
    assert!(read(&disk, SALT).1.is_empty(), "of a length beyond its end");
}

#[test]
fn a_frame_with_any_byte_changed_ends_it() {
    let disk = TestDisk::default();
    let mut log = new_log(&disk);
    for frame in [b"one", b"two", b"six"] {
        append(&mut log, frame);
    }
    let size = HEAD as u64 + 3;
    let mut whole = vec![0; 3 * size as usize];
    storage(&disk).read(0, &mut whole).unwrap();
    for byte in 0..size {
        storage(&disk).write(0, &whole).unwrap();
        let mut held = [0];
        storage(&disk).read(size + byte, &mut held).unwrap();
        storage(&disk).write(size + byte, &[!held[0]]).unwrap();
        let (mut log, frames) = read(&disk, SALT);
        assert_eq!(frames, [b"one"], "byte {byte}");
        // The frame behind it, which nobody has seen, does not come back.
        append(&mut log, b"new");
        assert_eq!(read(&disk, SALT).1, [b"one", b"new"], "byte {byte}");
    }
}

#[test]
fn frames_of_an_earlier_round_are_none() {
    let disk = TestDisk::default();
    let mut log = new_log(&disk);
    for frame in [b"one", b"two", b"six"] {
        append(&mut log, frame);
    }
    log.restart(SALT + 1);
    assert!(read(&disk, SALT + 1).1.is_empty());
    append(&mut log, b"new");
    assert_eq!(read(&disk, SALT + 1).1, [b"new"]);
}

#[test]
fn a_frame_that_stands_elsewhere_is_none() {
    let disk = TestDisk::default();
    let mut log = new_log(&disk);
    append(&mut log, b"one");
    append(&mut log, b"two");
    let size = HEAD + 3;
    let mut second = vec![0; size];
    storage(&disk).read(size as u64, &mut second).unwrap();
    storage(&disk).write(0, &second).unwrap();
    assert!(read(&disk, SALT).1.is_empty());
}

#[test]
fn a_log_that_another_has_used_is_written_over() {
    let disk = TestDisk::default();
    let mut log = new_log(&disk);
    append(&mut log, &[b'x'; 100]);
    let mut log = Log::new(storage(&disk), SALT + 1).unwrap();
    append(&mut log, b"new");
    assert_eq!(read(&disk, SALT + 1).1, [b"new"]);
}
