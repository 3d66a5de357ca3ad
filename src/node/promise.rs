//! The promises of calls under way: JavaScript makes and keeps them, since Node-API's own cost more
//! than all else that a call does, and knows them by number.

use std::cell::{Cell, RefCell};

/// The numbers of a link's promises: each names one until it is free again.
#[derive(Default)]
pub struct Numbers {
    free: RefCell<Vec<u32>>,
    /// How many there are.
    count: Cell<u32>,
}

impl Numbers {
    /// A number that names nothing now.
    pub fn take(&self) -> u32 {
        self.free.borrow_mut().pop().unwrap_or_else(|| {
            let number = self.count.get();
            self.count.set(number + 1);
            number
        })
    }

    /// Takes numbers back. JavaScript must know them no more.
    pub fn free(&self, numbers: impl IntoIterator<Item = u32>) {
        self.free.borrow_mut().extend(numbers);
    }
}
