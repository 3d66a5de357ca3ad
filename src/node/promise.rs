//! The promises of calls under way: JavaScript makes and keeps them, since Node-API's own cost more
//! than all else that a call does, and knows them by number.

use std::cell::RefCell;
use std::rc::Rc;

use napi::sys;

use super::board::Board;
use super::owner::Owner;
use super::trace::Trace;
use super::value::{Values, integer};
use crate::engine::Completion;

/// Names a call: the number of its promise.
pub(super) type Ticket = u32;

/// What is kept of a call until it is settled.
pub(super) struct UnderWay {
    /// The store that made it.
    pub owner: Rc<Owner>,
    /// What is told of it then, when somebody listens.
    pub trace: Option<Box<Trace>>,
}

/// What JavaScript is to know of a settled call: the number of its promise, less than zero when it is
/// rejected, and what it comes to. Counts the call off its store.
pub(super) fn settle(
    env: sys::napi_env,
    values: &Values,
    call: Option<UnderWay>,
    completion: Completion<Ticket>,
) -> [sys::napi_value; 2] {
    let Completion {
        ticket,
        result,
        attempts,
    } = completion;
    if let Some(UnderWay {
        owner,
        trace: Some(trace),
    }) = &call
    {
        owner.tell(trace, &result, attempts, ticket);
    }
    let mut number = ticket as i32;
    let value = match (&result, &call) {
        (Ok(answer), _) => values.of(env, answer),
        (Err(_), None) => values.undefined,
        (Err(failure), Some(UnderWay { owner, .. })) => match owner.fail(failure, ticket) {
            Some(error) => {
                number = -1 - number;
                error
            }
            None => values.quiet(failure),
        },
    };
    if let Some(UnderWay { owner, .. }) = call {
        match result {
            Err(failure) if failure.error.is_no_id() => owner.refused(),
            _ => owner.settled(),
        }
    }
    [integer(env, number), value]
}

/// The promises of a link: a number names each until it is free again. The board tells the next one,
/// so that JavaScript knows the promise by it before the call is made: whatever stops JavaScript on
/// the way, no call is under way whose promise it does not know.
pub(super) struct Promises {
    calls: RefCell<Vec<Option<UnderWay>>>,
    /// Calls that failed without the I/O thread, to be settled as soon as JavaScript has made them.
    refused: RefCell<Vec<Completion<Ticket>>>,
    free: RefCell<Vec<u32>>,
    board: Rc<Board>,
}

impl Promises {
    /// None yet.
    pub(super) fn new(board: Rc<Board>) -> Promises {
        Promises {
            calls: RefCell::default(),
            refused: RefCell::default(),
            free: RefCell::default(),
            board,
        }
    }

    /// Takes the number that is on the board.
    pub(super) fn reserve(&self) -> u32 {
        let mut calls = self.calls.borrow_mut();
        let mut free = self.free.borrow_mut();
        let number = free.pop().unwrap_or_else(|| {
            calls.push(None);
            calls.len() as u32 - 1
        });
        let next = free.last().copied().unwrap_or(calls.len() as u32);
        self.board.set_next(next);
        number
    }

    /// Keeps what there is of the call; that of the end of a link has nothing.
    pub(super) fn keep(&self, number: u32, call: UnderWay) {
        self.calls.borrow_mut()[number as usize] = Some(call);
    }

    /// Takes out what was kept of the call.
    pub(super) fn take(&self, number: u32) -> Option<UnderWay> {
        self.calls.borrow_mut()[number as usize].take()
    }

    /// Keeps what became of a call that is not to be queued.
    pub(super) fn refuse(&self, completion: Completion<Ticket>) {
        self.refused.borrow_mut().push(completion);
    }

    /// Takes what was kept of those, when there are some.
    pub(super) fn take_refused(&self) -> Option<Vec<Completion<Ticket>>> {
        let refused = self.refused.take();
        (!refused.is_empty()).then_some(refused)
    }

    /// Takes numbers back. JavaScript must know them no more.
    pub(super) fn free(&self, numbers: impl IntoIterator<Item = u32>) {
        let mut free = self.free.borrow_mut();
        free.extend(numbers);
        if let Some(&next) = free.last() {
            self.board.set_next(next);
        }
    }
}
