//! Lookups of many ids, several with one command: that costs a server half of what as many `GET`s do.
//!
//! `MGET` tells nothing of a key that holds no string, and refuses all keys for one that the user may not
//! read: those are looked up again, each [alone](crate::backend::Outcome::Again).

use super::commands::Commands;
use crate::call::Args;
use crate::key::Half;
use crate::settings::Names;

/// How much text, in bytes, makes a command long enough: more of it saves nothing.
const LONG: usize = 16 * 1024;

/// Lookups that are written with one command, once it is known which.
pub(super) struct Together<'a, 'n> {
    names: &'n Names,
    half: Half,
    lookups: Vec<Args<'a>>,
    bytes: usize,
}

impl<'a, 'n> Together<'a, 'n> {
    /// None yet.
    pub(super) fn new(names: &'n Names) -> Together<'a, 'n> {
        Together {
            names,
            half: Half::Botmatic,
            lookups: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds a lookup that reads this half.
    pub(super) fn add(&mut self, half: Half, args: Args<'a>, out: &mut Commands) {
        let bytes = args.stem.len() + args.first.len();
        if half != self.half || self.bytes + bytes > LONG {
            self.write(out);
        }
        self.half = half;
        self.bytes += bytes;
        self.lookups.push(args);
    }

    /// Whether none was added since the last one was written.
    pub(super) fn is_empty(&self) -> bool {
        self.lookups.is_empty()
    }

    /// Writes the command that those go with which were added since the last one.
    pub(super) fn write(&mut self, out: &mut Commands) {
        self.bytes = 0;
        match self.lookups.len() {
            0 => return,
            1 => out.begin(&self.names.get, 1),
            calls => out.begin_shared(&self.names.mget, calls),
        }
        let separator = self.half.separator();
        for args in self.lookups.drain(..) {
            out.word([args.stem, separator, args.first]);
        }
    }
}
