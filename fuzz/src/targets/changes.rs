//! A frame of the log of a file, and an id as the tables hold it, each the whole input.

use super::change::{Change, Writer, read};
use super::id;

fn changes(frame: &[u8]) -> (Vec<Change<'_>>, bool) {
    let mut changes = Vec::new();
    let is_whole = read(frame, |change| changes.push(change)).is_some();
    (changes, is_whole)
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let (came, _) = changes(input);
    let (mut frame, mut writer) = (Vec::new(), Writer::new());
    for change in &came {
        writer.write(*change, &mut frame);
    }
    assert!(frame.len() <= input.len(), "no shorter one says it");
    assert_eq!(changes(&frame), (came, true));

    let mut written = Vec::new();
    id::write(input, 0, &mut written);
    assert!(written.len() <= input.len() + 1);
    assert_eq!(id::read(&written, 0).as_deref(), Some(input));
    let (Some(read), Some(flagged)) = (id::read(input, 0x80), id::read(input, 0)) else {
        return;
    };
    assert_eq!(read, flagged);
    let mut again = Vec::new();
    id::write(&read, 0, &mut again);
    assert_eq!(id::read(&again, 0), Some(read));
}
