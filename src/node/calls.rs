//! The calls of a store: arguments in, promises out.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, Result, sys};

use super::border::{Border, Ticket};
use super::function::{ARGUMENTS, function};
use super::link::Shared;
use super::owner::Owner;
use super::promise::Deferred;
use super::text::{self, Unwritten};
use super::trace::Trace;
use crate::engine::{Call, Failure};
use crate::error::{Error, masked};
use crate::store::{Answer, Op};

const OPS: [Op; 5] = [
    Op::SaveIds,
    Op::GetBotmaticId,
    Op::GetExtId,
    Op::DeleteIds,
    Op::DeleteAllIds,
];

/// What a store does its calls with.
pub struct Calls {
    pub shared: Rc<Shared>,
    pub owner: Arc<Owner>,
    pub prefix: Vec<u8>,
    pub read_timeout: Duration,
    pub write_timeout: Duration,
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

    /// Makes a call: its promise, or nothing when there can be none.
    fn call(
        &self,
        env: sys::napi_env,
        op: Op,
        given: [sys::napi_value; ARGUMENTS],
    ) -> sys::napi_value {
        let Ok((deferred, promise)) = Deferred::new(env) else {
            return std::ptr::null_mut();
        };
        let ticket = Ticket {
            deferred,
            owner: Some(self.owner.clone()),
            trace: None,
        };
        // Most calls are all strings and integers, which need no conversion.
        let left = if self.is_traced.get() || self.refusal().is_some() {
            Some(ticket)
        } else {
            self.queue(env, op, ticket, &given)
        };
        if let Some(ticket) = left {
            self.call_converted(env, op, ticket, given);
        }
        promise
    }

    /// Makes a call whose arguments are to be turned into strings first: in the order of a template
    /// literal, since that may run code.
    fn call_converted(
        &self,
        env: sys::napi_env,
        op: Op,
        mut ticket: Ticket,
        mut given: [sys::napi_value; ARGUMENTS],
    ) {
        let (integration, rest) = given.split_at_mut(1);
        let integration = &mut integration[0];
        let converted = text::convert(env, integration).and_then(|()| {
            rest[..ids_of(op)].iter_mut().try_fold(true, |are_ids, id| {
                Ok(text::convert_id(env, id)? && are_ids)
            })
        });
        let Ok(are_ids) = converted else {
            let mut thrown = std::ptr::null_mut();
            // SAFETY: an argument's conversion failed, so an exception is pending.
            unsafe { sys::napi_get_and_clear_last_exception(env, &mut thrown) };
            return ticket.deferred.reject(env, thrown);
        };
        let integration = text::bytes(env, *integration);
        if self.is_traced.get() {
            ticket.trace = Some(Box::new(Trace::new(op, &integration)));
        }
        let error = match self.refusal() {
            Some(error) => error,
            None if !are_ids => {
                self.count();
                return Border::settle_now(env, ticket, no_id(op));
            }
            None => match self.queue(env, op, ticket, &given) {
                None => return,
                Some(unread) => {
                    ticket = unread;
                    Error::Internal("an argument cannot be read".into())
                }
            },
        };
        self.count();
        let failure = Failure {
            op,
            integration: masked(&integration),
            error,
        };
        self.shared.border.fail_soon(env, ticket, failure);
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

    /// Queues or settles a call. Gives it back when its arguments cannot be read as they are.
    fn queue(
        &self,
        env: sys::napi_env,
        op: Op,
        ticket: Ticket,
        given: &[sys::napi_value; ARGUMENTS],
    ) -> Option<Ticket> {
        let timeout = if op.is_lookup() {
            self.read_timeout
        } else {
            self.write_timeout
        };
        let call = Call {
            op,
            deadline: Instant::now() + timeout,
            ticket,
        };
        let [integration, ids @ ..] = given;
        let ids = &ids[..ids_of(op)];
        let pushed = self
            .shared
            .link
            .push(&self.shared.settings.borrow(), call, |out| {
                text::write(env, &self.prefix, *integration, ids, out)
            });
        match pushed {
            Err((call, Unwritten::Unreadable)) => return Some(call.ticket),
            Err((call, Unwritten::NoId)) => {
                self.count();
                Border::settle_now(env, call.ticket, no_id(op));
            }
            Ok(()) => {
                self.count();
                self.shared.border.depart(env);
            }
        }
        None
    }

    fn count(&self) {
        self.owner.began();
        self.made.set(self.made.get() + 1);
    }
}

/// How many ids a call takes after the integration id.
fn ids_of(op: Op) -> usize {
    match op {
        Op::SaveIds | Op::DeleteIds => 2,
        Op::GetBotmaticId | Op::GetExtId => 1,
        Op::DeleteAllIds => 0,
    }
}

/// What a call with something that is no id comes to.
fn no_id(op: Op) -> Answer {
    if op.is_lookup() {
        Answer::Missing
    } else {
        Answer::No
    }
}
