//! The promises of calls under way: JavaScript makes and keeps them, since Node-API's own cost more
//! than all else that a call does, and knows them by number.

use std::cell::RefCell;
use std::rc::Rc;

use napi::sys;

use super::board::Board;
use super::owner::Owner;
use super::trace::Trace;
use super::value::{Values, integer};
use crate::call::Answer;
use crate::engine::{Completion, Failure};

/// Names a call: the number of its promise, and its place among the calls that share that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    pub number: u32,
    place: u32,
}

/// Stands in place of a result, which is never a number, where the results of many calls follow.
const MANY: i32 = 0;

/// The place of a call that shares its promise with none.
const ALONE: u32 = u32::MAX;

impl Ticket {
    /// Of a call with a promise of its own.
    pub(super) fn alone(number: u32) -> Ticket {
        Ticket {
            number,
            place: ALONE,
        }
    }

    /// Of one of many with one promise.
    pub(super) fn among(number: u32, place: usize) -> Ticket {
        Ticket {
            number,
            place: place as u32,
        }
    }
}

/// What is kept of a promise until it is settled.
pub(super) struct UnderWay {
    /// The store that made the call.
    pub owner: Rc<Owner>,
    /// What is told of it then, when somebody listens.
    pub trace: Option<Box<Trace>>,
    /// What became of each, where many calls share the promise.
    pub many: Option<Many>,
}

/// Many calls with one promise.
pub(super) struct Many {
    results: Vec<Option<Result<Answer, Box<Failure>>>>,
    left: usize,
}

impl Many {
    /// So many, none of them answered.
    pub(super) fn new(count: usize) -> Many {
        Many {
            results: (0..count).map(|_| None).collect(),
            left: count,
        }
    }
}

/// What JavaScript is to know of calls that share a promise: its number, `MANY`, and what each comes to. An
/// array would take longer to make here. Counts the calls off their store.
pub(super) fn settle_many(
    env: sys::napi_env,
    values: &Values,
    number: u32,
    owner: &Owner,
    many: Many,
) -> Vec<sys::napi_value> {
    let count = many.results.len();
    let results = many.results.into_iter().map(|result| match result {
        Some(Ok(answer)) => values.of(env, &answer),
        Some(Err(failure)) => owner.fail(&failure, number).unwrap_or(values.undefined),
        None => values.undefined,
    });
    let settled = [integer(env, number as i32), integer(env, MANY)];
    let settled = settled.into_iter().chain(results).collect();
    owner.settled(count);
    settled
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
        ticket: Ticket { number: ticket, .. },
        result,
        attempts,
    } = completion;
    if let Some(UnderWay {
        owner,
        trace: Some(trace),
        ..
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
            _ => owner.settled(1),
        }
    }
    [integer(env, number), value]
}

/// A promise that is to be settled.
pub(super) enum Complete {
    /// That of one call; of the end of a link there is nothing.
    One(Option<UnderWay>, Completion<Ticket>),
    /// That of many.
    Many(u32, Rc<Owner>, Many),
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

    /// Takes in what became of a call. Gives its promise's, when that is to be settled now: all calls are
    /// answered that share it.
    pub(super) fn complete(&self, completion: Completion<Ticket>) -> Option<Complete> {
        let Ticket { number, place } = completion.ticket;
        let mut calls = self.calls.borrow_mut();
        let call = &mut calls[number as usize];
        if place == ALONE {
            return Some(Complete::One(call.take(), completion));
        }
        let many = call.as_mut()?.many.as_mut()?;
        let result = many.results.get_mut(place as usize)?;
        if result.replace(completion.result).is_none() {
            many.left -= 1;
        }
        if many.left > 0 {
            return None;
        }
        let UnderWay { owner, many, .. } = call.take()?;
        Some(Complete::Many(number, owner, many?))
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
