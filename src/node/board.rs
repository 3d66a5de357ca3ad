//! What JavaScript has to know before it makes a call, where it reads it without one.

use std::cell::RefCell;

use napi::bindgen_prelude::Int32Array;
use napi::{Error, Result};

/// The number that the promise of the next call is to have.
const NEXT: usize = 0;
/// 1 while calls wait for the end of their submission, see `Link::submit`.
const IS_OPEN: usize = 1;

/// An array of JavaScript's, written here and read there, all on one thread.
pub(super) struct Board(RefCell<Int32Array>);

impl Board {
    /// A board on `array`, which needs room for two numbers.
    pub(super) fn new(array: Int32Array) -> Result<Board> {
        if array.len() <= IS_OPEN {
            return Err(Error::from_reason("the board is too small"));
        }
        let board = Board(RefCell::new(array));
        board.set_next(0);
        board.set_open(false);
        Ok(board)
    }

    pub(super) fn set_next(&self, number: u32) {
        self.write(NEXT, number as i32);
    }

    pub(super) fn set_open(&self, is_open: bool) {
        self.write(IS_OPEN, is_open.into());
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.borrow()[IS_OPEN] != 0
    }

    fn write(&self, place: usize, value: i32) {
        // SAFETY: nobody else has the array but JavaScript on this thread, which does not run now,
        // and the slice ends here.
        unsafe { self.0.borrow_mut().as_mut()[place] = value };
    }
}
