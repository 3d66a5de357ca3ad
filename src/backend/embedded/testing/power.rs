//! What a power cut leaves of what was written.

use super::{Chance, Event, TestDisk};

/// What a sector is: it is written whole or not at all, in bytes.
const SECTOR: usize = 512;

/// What becomes, in a power cut, of what was written since the last sync.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Cut {
    /// All of it is lost.
    None,
    /// All of it is there.
    All,
    /// Some of it is there, and some of it in part.
    Some,
}

/// The files, as they are on the disk itself.
#[derive(Default)]
pub(in super::super) struct Power([File; 2]);

#[derive(Default)]
struct File {
    /// What was synced.
    content: Option<Vec<u8>>,
    /// What happened since.
    pending: Vec<Event>,
    /// Its folder is not synced then, so that it may be there again.
    is_removed: bool,
}

impl Power {
    /// Takes in what happened next.
    pub(in super::super) fn follow(&mut self, event: &Event, chance: &mut Chance) {
        let (Event::Create(file)
        | Event::Write(file, ..)
        | Event::SetLen(file, _)
        | Event::Sync(file)
        | Event::Lost(file)
        | Event::Remove(file)) = event;
        let file = &mut self.0[*file];
        match event {
            Event::Create(name) if file.content.is_some() && !file.is_removed => {
                file.pending.push(Event::SetLen(*name, 0));
            }
            Event::Create(_) => {
                *file = File {
                    content: Some(Vec::new()),
                    ..File::default()
                }
            }
            Event::Write(..) | Event::SetLen(..) => file.pending.push(event.clone()),
            Event::Sync(_) | Event::Lost(_) => {
                let is_lost = matches!(event, Event::Lost(_));
                let content = file.content.get_or_insert_default();
                for event in file.pending.drain(..) {
                    apply(content, &event, |_| !is_lost || chance.below(2) == 0);
                }
            }
            Event::Remove(_) => file.is_removed = true,
        }
    }

    /// The disk, when the power is cut now.
    pub(in super::super) fn cut(&self, cut: Cut, chance: &mut Chance) -> TestDisk {
        TestDisk::of([0, 1].map(|file| self.0[file].cut(cut, chance)))
    }
}

impl File {
    fn cut(&self, cut: Cut, chance: &mut Chance) -> Option<Vec<u8>> {
        let is_removed = match cut {
            Cut::None => false,
            Cut::All => true,
            Cut::Some => chance.below(2) == 0,
        };
        if self.is_removed && is_removed {
            return None;
        }
        let mut content = self.content.clone()?;
        for event in &self.pending {
            match cut {
                Cut::None => {}
                Cut::All => apply(&mut content, event, |_| true),
                Cut::Some => match (chance.below(3), event) {
                    // What lies in the part that is new is not there without it.
                    (0, Event::SetLen(_, length)) if *length > content.len() as u64 => break,
                    (0, _) => {}
                    (1, _) => apply(&mut content, event, |_| true),
                    _ => apply(&mut content, event, |_| chance.below(2) == 0),
                },
            }
        }
        Some(content)
    }
}

/// Does to a file what happened, each sector for which `is_written`.
pub(super) fn apply(
    content: &mut Vec<u8>,
    event: &Event,
    mut is_written: impl FnMut(usize) -> bool,
) {
    match event {
        Event::Write(_, offset, data) => {
            let start = *offset as usize;
            if content.len() < start + data.len() {
                content.resize(start + data.len(), 0);
            }
            // Sectors are of the disk, whatever is written.
            let mut at = 0;
            while at < data.len() {
                let end = data.len().min(at + SECTOR - (start + at) % SECTOR);
                if is_written(at) {
                    content[start + at..start + end].copy_from_slice(&data[at..end]);
                }
                at = end;
            }
        }
        Event::SetLen(_, length) => content.resize(*length as usize, 0),
        Event::Create(_) | Event::Sync(_) | Event::Lost(_) | Event::Remove(_) => {}
    }
}
