//! A file that only seems to be written: changes stay in memory. What a crash left can be repaired so, and
//! looked at, before anything is written to it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::iter;
use std::ops::Range;
use std::sync::Mutex;

use redb::StorageBackend;

use crate::backend::locked::locked;

/// How much of the file is kept in memory together, in bytes: what redb writes at least.
const PAGE: usize = 4096;

/// The file, and what seems to be written to it.
#[derive(Debug)]
pub(super) struct Overlay(Mutex<State>);

#[derive(Debug)]
struct State {
    file: File,
    /// How much of the file still shows, in bytes: what was cut off and is there again is zero.
    shown: u64,
    length: u64,
    changed: HashMap<u64, Box<[u8; PAGE]>>,
}

impl Overlay {
    /// Over this file, which is only read.
    pub(super) fn new(file: File) -> io::Result<Overlay> {
        let length = file.metadata()?.len();
        Ok(Overlay(Mutex::new(State {
            file,
            shown: length,
            length,
            changed: HashMap::new(),
        })))
    }
}

impl State {
    /// A page as it seems to be.
    fn page(&mut self, number: u64) -> io::Result<Box<[u8; PAGE]>> {
        if let Some(page) = self.changed.get(&number) {
            return Ok(page.clone());
        }
        let mut page = Box::new([0; PAGE]);
        let start = number * PAGE as u64;
        let shown = self.shown.saturating_sub(start).min(PAGE as u64) as usize;
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut page[..shown])?;
        Ok(page)
    }

    /// Fails where a part goes beyond the end.
    fn check(&self, offset: u64, length: usize) -> io::Result<()> {
        let end = offset.checked_add(length as u64);
        match end.is_some_and(|end| end <= self.length) {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The pages of a part of the file: their numbers, where the part is in them, and where they are in the part.
fn pages(offset: u64, length: usize) -> impl Iterator<Item = (u64, Range<usize>, Range<usize>)> {
    let mut done = 0;
    iter::from_fn(move || {
        let at = offset + done as u64;
        let start = (at % PAGE as u64) as usize;
        let size = (PAGE - start).min(length - done);
        let part = done..done + size;
        done = part.end;
        (size > 0).then_some((at / PAGE as u64, start..start + size, part))
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(locked(&self.0).length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = locked(&self.0);
        state.check(offset, out.len())?;
        for (number, inner, part) in pages(offset, out.len()) {
            out[part].copy_from_slice(&state.page(number)?[inner]);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = locked(&self.0);
        state.check(offset, data.len())?;
        for (number, inner, part) in pages(offset, data.len()) {
            let mut page = state.page(number)?;
            page[inner].copy_from_slice(&data[part]);
            state.changed.insert(number, page);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = locked(&self.0);
        state.length = length;
        state.shown = state.shown.min(length);
        let (whole, rest) = (length / PAGE as u64, (length % PAGE as u64) as usize);
        state.changed.retain(|number, _| *number <= whole);
        if let Some(page) = state.changed.get_mut(&whole) {
            page[rest..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use redb::backends::InMemoryBackend;

    use super::*;
    use crate::backend::embedded::testing::Chance;

    /// What is done to it at random shows as in memory, and the file is as it was.
    #[test]
    fn it_behaves_as_a_file_and_the_file_stays() {
        let path = std::env::temp_dir().join(format!("overlay-{}", std::process::id()));
        let mut chance = Chance(7);
        let text: Vec<u8> = (0..50_000).map(|_| chance.below(256) as u8).collect();
        fs::write(&path, &text).unwrap();
        let model = InMemoryBackend::new();
        model.set_len(text.len() as u64).unwrap();
        model.write(0, &text).unwrap();
        let overlay = Overlay::new(File::open(&path).unwrap()).unwrap();
        for _ in 0..2_000 {
            let length = model.len().unwrap() as usize;
            assert_eq!(overlay.len().unwrap() as usize, length);
            let offset = chance.below(length + 1);
            let part = chance.below((length - offset).min(10_000) + 1);
            match chance.below(5) {
                0 => {
                    let length = chance.below(80_000) as u64;
                    model.set_len(length).unwrap();
                    overlay.set_len(length).unwrap();
                }
                1 | 2 => {
                    let data = vec![chance.below(256) as u8; part];
                    model.write(offset as u64, &data).unwrap();
                    overlay.write(offset as u64, &data).unwrap();
                }
                _ => {
                    let (mut expected, mut own) = (vec![0; part], vec![1; part]);
                    model.read(offset as u64, &mut expected).unwrap();
                    overlay.read(offset as u64, &mut own).unwrap();
                    assert!(own == expected);
                }
            }
        }
        let end = overlay.len().unwrap();
        assert!(overlay.read(end, &mut [0]).is_err());
        assert!(overlay.write(u64::MAX, &[0, 0]).is_err());
        assert!(fs::read(&path).unwrap() == text);
        fs::remove_file(&path).unwrap();
    }
}
