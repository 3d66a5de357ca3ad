//! The calls of a store: arguments in, promises out.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, Result, sys};

use super::function::{ARGUMENTS, function};
use super::link::Shared;
use super::owner::Owner;
use super::promise::Ticket;
use super::promise::UnderWay;
use super::text::{self, Unwritten};
use super::trace::Trace;
use super::value::Values;
use crate::call::{Answer, Operation};
use crate::engine::{Call, Failure};
use crate::error::{Error, masked};

const OPERATIONS: [Operation; 5] = [
    Operation::SaveIds,
    Operation::GetBotmaticId,
    Operation::GetExtId,
    Operation::DeleteIds,
    Operation::DeleteAllIds,
];

/// What a store does its calls on a link with.
pub(super) struct Calls {
    shared: Rc<Shared>,
    owner: Rc<Owner>,
    /// Of a call made at the link's epoch.
    read_deadline: Instant,
    write_deadline: Instant,
}

impl Calls {
    pub(super) fn new(shared: Rc<Shared>, owner: Rc<Owner>) -> Rc<Calls> {
        let deadline = |ms: u32| shared.queue.epoch + Duration::from_millis(ms.into());
        Rc::new(Calls {
            read_deadline: deadline(owner.settings.read_timeout),
            write_deadline: deadline(owner.settings.write_timeout),
            shared,
            owner,
        })
    }

    /// An object of the calls as functions, which keep this alive.
    pub(super) fn functions<'env>(self: &Rc<Self>, env: &'env Env) -> Result<Object<'env>> {
        let mut functions = Object::new(env)?;
        for operation in OPERATIONS {
            let calls = self.clone();
            let run = move |env, given| calls.call(env, operation, given);
            functions
                .set_named_property(operation.name(), function(env, operation.name(), run)?)?;
        }
        Ok(functions)
    }

    /// Makes a call, whose promise JavaScript knows by the number on the board: gives nothing, or
    /// what it comes to when that is known already, or nothing with a pending exception when the
    /// conversion of an argument throws.
    fn call(
        &self,
        env: sys::napi_env,
        operation: Operation,
        given: [sys::napi_value; ARGUMENTS],
    ) -> sys::napi_value {
        // First of all: a conversion may make calls, which are to have other numbers.
        let ticket = self.shared.promises.reserve();
        let answer = self.make(env, operation, ticket, given);
        if !matches!(answer, Ok(None)) {
            self.shared.promises.free([ticket]);
        }
        answer.ok().flatten().unwrap_or(std::ptr::null_mut())
    }

    /// Makes a call: its answer when that is known already.
    fn make(
        &self,
        env: sys::napi_env,
        operation: Operation,
        ticket: Ticket,
        mut given: [sys::napi_value; ARGUMENTS],
    ) -> Result<Option<sys::napi_value>> {
        // Most calls are all strings and integers, which need no conversion.
        if !self.owner.is_traced.get() && self.refusal().is_none() {
            match self.queue(env, operation, ticket, None, &given) {
                Ok(()) => return Ok(None),
                Err(Unwritten::NoId) => return Ok(Some(self.no_id(env, operation, None))),
                Err(Unwritten::Unreadable) => {}
            }
        }
        // In the order of a template literal, since that may run code.
        let [integration, ids @ ..] = &mut given;
        text::convert(env, integration)?;
        let mut are_ids = true;
        for id in &mut ids[..ids_of(operation)] {
            are_ids &= text::convert_id(env, id)?;
        }
        let integration = text::bytes(env, *integration);
        let trace = || {
            let trace = || Box::new(Trace::new(operation, &integration));
            self.owner.is_traced.get().then(trace)
        };
        let error = match self.refusal() {
            Some(error) => error,
            None if !are_ids => return Ok(Some(self.no_id(env, operation, trace()))),
            None => match self.queue(env, operation, ticket, trace(), &given) {
                Ok(()) => return Ok(None),
                Err(Unwritten::NoId) => return Ok(Some(self.no_id(env, operation, trace()))),
                Err(Unwritten::Unreadable) => Error::Internal("an argument cannot be read".into()),
            },
        };
        let failure = Failure {
            operation,
            integration: masked(&integration),
            error,
        };
        self.began(env, ticket, trace());
        self.shared.completions.fail_soon(ticket, failure);
        Ok(None)
    }

    /// Why no call can be made now.
    fn refusal(&self) -> Option<Error> {
        if self.shared.is_closed.get() {
            Some(Error::Closed)
        } else if self.owner.is_busy() {
            Some(Error::Busy {
                server: self.shared.gate.server(),
                limit: self.owner.settings.max_pending as usize,
            })
        } else {
            self.shared.refusal.borrow().clone()
        }
    }

    /// Queues a call whose arguments can be written as they are.
    fn queue(
        &self,
        env: sys::napi_env,
        operation: Operation,
        ticket: Ticket,
        trace: Option<Box<Trace>>,
        given: &[sys::napi_value; ARGUMENTS],
    ) -> std::result::Result<(), Unwritten> {
        let call = Call {
            operation,
            deadline: if operation.is_lookup() {
                self.read_deadline
            } else {
                self.write_deadline
            },
            ticket,
        };
        let [integration, ids @ ..] = given;
        let ids = &ids[..ids_of(operation)];
        let prefix = self.owner.settings.key_prefix.as_bytes();
        self.shared
            .gate
            .push(call, |out| text::write(env, prefix, *integration, ids, out))?;
        self.began(env, ticket, trace);
        Ok(())
    }

    fn began(&self, env: sys::napi_env, ticket: Ticket, trace: Option<Box<Trace>>) {
        let owner = self.owner.clone();
        owner.began();
        self.shared.completions.depart(env);
        self.shared.promises.keep(ticket, UnderWay { owner, trace });
    }

    /// What a call with something that is no id comes to, which is told of at once.
    fn no_id(
        &self,
        env: sys::napi_env,
        operation: Operation,
        trace: Option<Box<Trace>>,
    ) -> sys::napi_value {
        self.owner.count();
        let answer = if operation.is_lookup() {
            Answer::Missing
        } else {
            Answer::No
        };
        let value = Values::new(env).of(env, &answer);
        if let Some(trace) = trace {
            self.owner.tell(&trace, &Ok(answer), 0);
        }
        value
    }
}

/// How many ids a call takes after the integration id.
fn ids_of(operation: Operation) -> usize {
    match operation {
        Operation::SaveIds | Operation::DeleteIds => 2,
        Operation::GetBotmaticId | Operation::GetExtId => 1,
        Operation::DeleteAllIds => 0,
    }
}
