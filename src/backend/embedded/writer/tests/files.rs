use super::*;
use crate::backend::embedded::disk::Files;
use crate::backend::embedded::testing::{Cut, Power};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("ids.redb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn writer(file: &Path) -> Writer {
    let disk = Box::new(Files::new(file));
    Writer::new("a file".into(), disk, CACHE, Shown::default())
}

fn failure(reply: Reply) -> String {
    reply.expect_err("it fails").to_string()
}

#[test]
fn a_file_that_was_deleted_is_not_made_anew_after_a_failure() {
    let folder = Folder::new("deleted");
    let mut writer = writer(&folder.file());
    writer.reply(work_of(&[PAIR]), true).unwrap();
    writer.let_go();
    let aside = folder.0.join("aside");
    fs::rename(folder.file(), &aside).unwrap();
    for call in [PAIR, (Operation::GetExtId, "i", 1, 1)] {
        let reason = failure(writer.reply(work_of(&[call]), true));
        assert!(reason.contains("was deleted, moved"), "{reason}");
    }
    assert!(!folder.file().exists());
    fs::rename(&aside, folder.file()).unwrap();
    assert!(is_kept(&mut writer));
}

#[test]
fn another_file_may_stand_there_after_a_close() {
    let folder = Folder::new("another");
    let mut writer = writer(&folder.file());
    for _ in 0..2 {
        writer.reply(work_of(&[PAIR]), true).unwrap();
        assert!(is_kept(&mut writer));
        writer.let_go();
        for file in fs::read_dir(&folder.0).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        writer.close();
        assert!(!is_kept(&mut writer));
    }
}

#[test]
fn a_file_whose_making_was_cut_short_is_made_anew() {
    let disk = TestDisk::default();
    Writer::of(&disk).reply(Work::Open, true).unwrap();
    let mut chance = Chance(seed());
    let (mut power, mut unfinished) = (Power::default(), 0);
    let folder = Folder::new("making");
    for event in disk.events() {
        power.follow(&event, &mut chance);
        for cut in [Cut::None, Cut::All, Cut::Some] {
            let left = power.cut(cut, &mut chance).tables().unwrap_or_default();
            if left.is_empty() || !left.starts_with(&[0; 9]) {
                continue;
            }
            unfinished += 1;
            fs::write(folder.file(), left).unwrap();
            let mut writer = writer(&folder.file());
            writer.reply(work_of(&[PAIR]), true).unwrap();
            assert!(is_kept(&mut writer));
            writer.close();
        }
    }
    assert!(unfinished > 2);
}

#[test]
fn a_file_of_zeros_and_something_is_foreign() {
    let folder = Folder::new("foreign");
    for (length, byte) in [(100, 0), (8192, 8191), (8192, 320), (8192, 0), (1 << 22, 0)] {
        let mut text = vec![0; length];
        text[byte] = u8::from(byte > 0);
        if length == 8192 && byte == 0 {
            text[8] = 1;
        }
        fs::write(folder.file(), &text).unwrap();
        let reason = failure(writer(&folder.file()).reply(Work::Open, true));
        assert!(reason.contains("it is no file of this store"), "{reason}");
        assert!(fs::read(folder.file()).unwrap() == text);
    }
}
