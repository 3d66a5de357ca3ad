//! The promises of calls under way: JavaScript makes and keeps them, since Node-API's own cost more
//! than all else that a call does, and knows them by number.

use std::cell::RefCell;
use std::rc::Rc;

use super::owner::Owner;
use super::trace::Trace;

/// What is kept of a call until it is settled.
pub struct UnderWay {
    /// The store that made it.
    pub owner: Rc<Owner>,
    /// What is told of it then, when somebody listens.
    pub trace: Option<Box<Trace>>,
}

/// The promises of a link: a number names each until it is free again.
#[derive(Default)]
pub struct Promises {
    calls: RefCell<Vec<Option<UnderWay>>>,
    free: RefCell<Vec<u32>>,
}

impl Promises {
    /// A number for a promise; that of the end of the link has no call.
    pub fn add(&self, call: Option<UnderWay>) -> u32 {
        let mut calls = self.calls.borrow_mut();
        if let Some(number) = self.free.borrow_mut().pop() {
            calls[number as usize] = call;
            return number;
        }
        calls.push(call);
        calls.len() as u32 - 1
    }

    /// Takes out what was kept of the call.
    pub fn take(&self, number: u32) -> Option<UnderWay> {
        self.calls.borrow_mut()[number as usize].take()
    }

    /// Takes numbers back. JavaScript must know them no more.
    pub fn free(&self, numbers: impl IntoIterator<Item = u32>) {
        self.free.borrow_mut().extend(numbers);
    }
}
