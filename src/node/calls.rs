//! The calls of a store: arguments in, promises out.

use std::cell::Cell;
use std::rc::Rc;
use tokio::time::Instant;

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, Result, sys};

use super::border::Ticket;
use super::function::{ARGUMENTS, function};
use super::link::Shared;
use super::owner::Owner;
use super::promise::UnderWay;
use super::text::{self, Unwritten};
use super::trace::Trace;
use super::value::{Values, integer};
use crate::call::{Answer, Operation};
use crate::engine::{Call, Failure};
use crate::error::{Error, masked};

const OPS: [Operation; 5] = [
    Operation::SaveIds,
    Operation::GetBotmaticId,
    Operation::GetExtId,
    Operation::DeleteIds,
    Operation::DeleteAllIds,
];

/// What a store does its calls with.
pub struct Calls {
    pub shared: Rc<Shared>,
    pub owner: Rc<Owner>,
    pub prefix: Vec<u8>,
    /// Of a call made at the link's epoch.
    pub read_deadline: Instant,
    pub write_deadline: Instant,
    pub max_pending: usize,
    /// How many were made.
    pub made: Cell<u64>,
    pub is_traced: Cell<bool>,
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.owner.gone(self.shared.env);
    }
}

impl Calls {
    /// An object of the calls as functions, which keep this alive.
    pub fn functions<'env>(self: &Rc<Self>, env: &'env Env) -> Result<Object<'env>> {
        let mut functions = Object::new(env)?;
        for op in OPS {
            let calls = self.clone();
            let run = move |env, given| calls.call(env, op, given);
            functions.set_named_property(op.name(), function(env, op.name(), run)?)?;
        }
        Ok(functions)
    }

    /// Makes a call: the number of its promise, or -1 less that number when the burst is to be ended, or
    /// what it comes to when that is known already, or nothing with a pending exception when the
    /// conversion of an argument throws.
    fn call(
        &self,
        env: sys::napi_env,
        op: Operation,
        given: [sys::napi_value; ARGUMENTS],
    ) -> sys::napi_value {
        // Most calls are all strings and integers, which need no conversion.
        if !self.is_traced.get() && self.refusal().is_none() {
            match self.queue(env, op, None, &given) {
                Ok(number) => return number,
                Err(Unwritten::NoId) => return self.no_id(env, op, None),
                Err(Unwritten::Unreadable) => {}
            }
        }
        self.call_converted(env, op, given)
            .unwrap_or(std::ptr::null_mut())
    }

    /// Makes a call whose arguments are to be turned into strings first: in the order of a template
    /// literal, since that may run code.
    fn call_converted(
        &self,
        env: sys::napi_env,
        op: Operation,
        mut given: [sys::napi_value; ARGUMENTS],
    ) -> Result<sys::napi_value> {
        let [integration, ids @ ..] = &mut given;
        text::convert(env, integration)?;
        let mut are_ids = true;
        for id in &mut ids[..ids_of(op)] {
            are_ids &= text::convert_id(env, id)?;
        }
        let integration = text::bytes(env, *integration);
        let trace = || {
            let trace = || Box::new(Trace::new(op, &integration));
            self.is_traced.get().then(trace)
        };
        let error = match self.refusal() {
            Some(error) => error,
            None if !are_ids => return Ok(self.no_id(env, op, trace())),
            None => match self.queue(env, op, trace(), &given) {
                Ok(number) => return Ok(number),
                Err(Unwritten::NoId) => return Ok(self.no_id(env, op, trace())),
                Err(Unwritten::Unreadable) => Error::Internal("an argument cannot be read".into()),
            },
        };
        let failure = Failure {
            op,
            integration: masked(&integration),
            error,
        };
        let ticket = self.ticket(trace());
        let number = integer(env, ticket as i32);
        self.count();
        self.shared.border.fail_soon(env, ticket, failure);
        Ok(number)
    }

    /// Why no call can be made now.
    fn refusal(&self) -> Option<Error> {
        if self.shared.is_closed.get() {
            Some(Error::Closed)
        } else if self.owner.pending() >= self.max_pending {
            Some(Error::Busy {
                server: self.shared.settings.borrow().server.clone(),
                limit: self.max_pending,
            })
        } else {
            None
        }
    }

    /// Queues a call: what [`Calls::call`] gives for it.
    fn queue(
        &self,
        env: sys::napi_env,
        op: Operation,
        trace: Option<Box<Trace>>,
        given: &[sys::napi_value; ARGUMENTS],
    ) -> std::result::Result<sys::napi_value, Unwritten> {
        let ticket = self.ticket(trace);
        let call = Call {
            op,
            deadline: if op.is_lookup() {
                self.read_deadline
            } else {
                self.write_deadline
            },
            ticket,
        };
        let [integration, ids @ ..] = given;
        let ids = &ids[..ids_of(op)];
        let shared = &self.shared;
        let pushed = shared
            .burst
            .borrow_mut()
            .push(&shared.settings.borrow(), call, |out| {
                text::write(env, &self.prefix, *integration, ids, out)
            });
        let is_first = match pushed {
            Ok(is_first) => is_first,
            Err(reason) => {
                shared.promises.take(ticket);
                shared.promises.free([ticket]);
                return Err(reason);
            }
        };
        self.count();
        shared.border.depart(env);
        let number = ticket as i32;
        Ok(integer(env, if is_first { -1 - number } else { number }))
    }

    /// The number of a new call's promise.
    fn ticket(&self, trace: Option<Box<Trace>>) -> Ticket {
        let owner = self.owner.clone();
        self.shared.promises.add(Some(UnderWay { owner, trace }))
    }

    /// What a call with something that is no id comes to, which is told of at once.
    fn no_id(
        &self,
        env: sys::napi_env,
        op: Operation,
        trace: Option<Box<Trace>>,
    ) -> sys::napi_value {
        self.made.set(self.made.get() + 1);
        let answer = if op.is_lookup() {
            Answer::Missing
        } else {
            Answer::No
        };
        let value = Values::new(env).of(env, &answer);
        if let Some(trace) = trace {
            self.owner.tell(env, &trace, &Ok(answer), 0);
        }
        value
    }

    fn count(&self) {
        self.owner.began();
        self.made.set(self.made.get() + 1);
    }
}

/// How many ids a call takes after the integration id.
fn ids_of(op: Operation) -> usize {
    match op {
        Operation::SaveIds | Operation::DeleteIds => 2,
        Operation::GetBotmaticId | Operation::GetExtId => 1,
        Operation::DeleteAllIds => 0,
    }
}
