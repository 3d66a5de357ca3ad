//! The calls of a store: arguments in, promises out.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, Result, sys};

use super::completion_queue::Place;
use super::function::{ARGUMENTS, function, variadic};
use super::link::Shared;
use super::owner::Owner;
use super::promise::{Many, Ticket, UnderWay};
use super::text::{self, Unwritten};
use super::trace::Trace;
use super::value::Values;
use crate::call::{NoId, Operation};
use crate::engine::{Call, Completion, Failure, Lengths, Receiver};
use crate::error::{Error, masked};

const OPERATIONS: [Operation; 8] = [
    Operation::SaveIds,
    Operation::GetBotmaticId,
    Operation::GetExtId,
    Operation::DeleteIds,
    Operation::DeleteAllIds,
    Operation::ListIds,
    Operation::Compact,
    Operation::Backup,
];

/// How many lookups are answered at once before one is made as a call, which the event loop has to turn
/// for: who awaits one after the other must not keep all else waiting.
const FINDS: u32 = 256;

/// What a store does its calls on a link with.
pub(super) struct Calls {
    pub(super) shared: Rc<Shared>,
    pub(super) owner: Rc<Owner>,
    /// Of a call made at the link's epoch.
    read_deadline: Instant,
    write_deadline: Instant,
    /// How many lookups were answered at once since the event loop had its turn.
    finds: Cell<u32>,
    /// The arguments of such a lookup.
    text: RefCell<Vec<u8>>,
}

impl Calls {
    pub(super) fn new(shared: Rc<Shared>, owner: Rc<Owner>) -> Rc<Calls> {
        let deadline = |ms: u32| shared.queue.epoch + Duration::from_millis(ms.into());
        Rc::new(Calls {
            read_deadline: deadline(owner.settings.read_timeout),
            write_deadline: deadline(owner.settings.write_timeout),
            finds: Cell::new(0),
            text: RefCell::default(),
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
        for (name, operation) in [
            ("saveIdsMany", Operation::SaveIds),
            ("getBotmaticIdMany", Operation::GetBotmaticIds),
            ("getExtIdMany", Operation::GetExtIds),
            ("deleteIdsMany", Operation::DeleteIds),
        ] {
            let calls = self.clone();
            let run = move |env, given: &_| calls.many(env, operation, given);
            functions.set_named_property(name, variadic(env, name, run)?)?;
        }
        for (name, operation) in [
            ("findBotmaticId", Operation::GetBotmaticId),
            ("findExtId", Operation::GetExtId),
        ] {
            let calls = self.clone();
            let run = move |env, given| calls.find(env, operation, given);
            functions.set_named_property(name, function(env, name, run)?)?;
        }
        Ok(functions)
    }

    /// Makes a call, whose promise JavaScript knows by the number on the board: gives nothing, with a
    /// pending exception when the conversion of an argument throws.
    fn call(
        &self,
        env: sys::napi_env,
        operation: Operation,
        given: [sys::napi_value; ARGUMENTS],
    ) -> sys::napi_value {
        // First of all: a conversion may make calls, which are to have other numbers.
        let number = self.shared.promises.reserve();
        if self
            .make(env, operation, Ticket::alone(number), given)
            .is_err()
        {
            self.shared.promises.free([number]);
        }
        ptr::null_mut()
    }

    /// Answers a lookup of an embedded store at once; gives nothing where it has to be made as a call: other
    /// calls are under way, or the event loop is to have its turn.
    fn find(
        &self,
        env: sys::napi_env,
        operation: Operation,
        [integration, id, _]: [sys::napi_value; ARGUMENTS],
    ) -> sys::napi_value {
        let Shared {
            queue, completions, ..
        } = &*self.shared;
        let found = self.finds.replace(self.finds.get() + 1);
        let Place::Other(embedded) = &*queue.backend else {
            return ptr::null_mut();
        };
        if found >= FINDS || completions.pending() > 0 || self.refusal().is_some() {
            self.finds.set(0);
            return ptr::null_mut();
        }
        let mut text = self.text.borrow_mut();
        text.clear();
        let prefix = self.owner.settings.key_prefix.as_bytes();
        let Ok(lengths) = text::write(env, prefix, integration, &[id], &mut text) else {
            return ptr::null_mut();
        };
        let Some(answer) = embedded.find(operation, lengths.args(&text)) else {
            return ptr::null_mut();
        };
        self.owner.count(1);
        Values::new(env).of(env, &answer)
    }

    fn make(
        &self,
        env: sys::napi_env,
        operation: Operation,
        ticket: Ticket,
        mut given: [sys::napi_value; ARGUMENTS],
    ) -> Result<()> {
        // Most calls are all strings and integers, which need no conversion.
        if !self.owner.is_traced.get()
            && self.refusal().is_none()
            && self.queue(env, operation, ticket, None, &given).is_ok()
        {
            return Ok(());
        }
        // In the order of a template literal, since that may run code.
        let [integration, ids @ ..] = &mut given;
        text::convert(env, integration)?;
        let mut no_id = None;
        for (id, &which) in ids.iter_mut().zip(ids_of(operation)) {
            let what = text::convert_id(env, id)?;
            no_id = no_id.or(what.map(|what| Error::NoId { which, what }));
        }
        let integration = text::bytes(env, *integration);
        let trace = || {
            let trace = || Box::new(Trace::new(operation, &integration));
            self.owner.is_traced.get().then(trace)
        };
        let error = match self.refusal().or(no_id) {
            Some(error) => error,
            None => match self.queue(env, operation, ticket, trace(), &given) {
                Ok(()) => return Ok(()),
                Err(Unwritten::Empty(n)) => Error::NoId {
                    which: ids_of(operation)[n],
                    what: NoId::Empty,
                },
                Err(Unwritten::Unreadable) => Error::Internal("an argument cannot be read".into()),
            },
        };
        let is_no_id = error.is_no_id();
        let failure = Failure {
            operation,
            integration: masked(&integration),
            error,
        };
        let (result, attempts) = (Err(Box::new(failure)), 0);
        let completion = Completion {
            ticket,
            result,
            attempts,
        };
        let Shared {
            promises,
            completions,
            ..
        } = &*self.shared;
        // Soon, so that nobody hears of it before the call returns.
        if is_no_id {
            self.owner.refuse();
            self.under_way(env, ticket.number, trace(), None);
            promises.refuse(completion);
            completions.signal();
        } else {
            // What may pass must not be tried again and again before anything else runs.
            self.began(env, ticket, trace());
            completions.settle(&mut vec![completion]);
        }
        Ok(())
    }

    /// Why no call can be made now.
    pub(super) fn refusal(&self) -> Option<Error> {
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
        let [integration, ids @ ..] = given;
        let ids = &ids[..ids_of(operation).len()];
        let prefix = self.owner.settings.key_prefix.as_bytes();
        self.push(operation, ticket, |out| {
            text::write(env, prefix, *integration, ids, out)
        })?;
        self.began(env, ticket, trace);
        Ok(())
    }

    /// Hands a call on, whose arguments `write` writes.
    pub(super) fn push(
        &self,
        operation: Operation,
        ticket: Ticket,
        write: impl FnOnce(&mut Vec<u8>) -> std::result::Result<Lengths, Unwritten>,
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
        self.shared.gate.push(call, write)
    }

    fn began(&self, env: sys::napi_env, ticket: Ticket, trace: Option<Box<Trace>>) {
        self.owner.count(1);
        self.owner.began(1);
        self.under_way(env, ticket.number, trace, None);
    }

    pub(super) fn under_way(
        &self,
        env: sys::napi_env,
        number: u32,
        trace: Option<Box<Trace>>,
        many: Option<Many>,
    ) {
        let owner = self.owner.clone();
        self.shared.completions.depart(env);
        let call = UnderWay { owner, trace, many };
        self.shared.promises.keep(number, call);
    }
}

/// Which ids a call takes after the integration id.
pub(super) fn ids_of(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::SaveIds | Operation::DeleteIds => &["botmatic id", "external id"],
        Operation::GetBotmaticId | Operation::GetBotmaticIds => &["external id"],
        Operation::GetExtId | Operation::GetExtIds => &["botmatic id"],
        Operation::ListIds => &["cursor", "kind"],
        Operation::Backup => &["path"],
        Operation::DeleteAllIds | Operation::Compact => &[],
    }
}
