//! The calls of a store: arguments in, promises out.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{FunctionCallContext, JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, sys};

use super::border::{Border, Ticket};
use super::link::Shared;
use super::owner::Owner;
use super::promise::Deferred;
use super::text::{self, Text, Unwritten};
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
            let function = env.create_function_from_closure::<(), _, _>(
                op.name(),
                move |context: FunctionCallContext<'_>| {
                    let id = |index| context.get::<Unknown<'_>>(index);
                    let ids = match op {
                        Op::SaveIds | Op::DeleteIds => [Some(id(1)?), Some(id(2)?)],
                        Op::GetBotmaticId | Op::GetExtId => [Some(id(1)?), None],
                        Op::DeleteAllIds => [None, None],
                    };
                    calls
                        .call(context.env, op, id(0)?, ids)
                        .map(|promise| promise.raw())
                },
            )?;
            functions.set_named_property(op.name(), function)?;
        }
        Ok(functions)
    }

    fn call<'env>(
        &self,
        env: &'env Env,
        op: Op,
        integration: Unknown<'env>,
        ids: [Option<Unknown<'env>>; 2],
    ) -> Result<Unknown<'env>> {
        let (deferred, promise) = Deferred::new(env)?;
        let env = env.raw();
        match arguments(env, integration, ids) {
            Ok(arguments) => self.begin(env, op, deferred, arguments),
            Err(_) => {
                let mut thrown = std::ptr::null_mut();
                // SAFETY: an argument's conversion failed, so an exception is pending.
                unsafe { sys::napi_get_and_clear_last_exception(env, &mut thrown) };
                deferred.reject(env, thrown);
            }
        }
        Ok(promise)
    }

    fn begin(&self, env: sys::napi_env, op: Op, deferred: Deferred, arguments: Arguments) {
        let Arguments { integration, ids } = arguments;
        let pending = self.owner.pending();
        let refusal = if self.shared.is_closed.get() {
            Some(Error::Closed)
        } else if pending >= self.max_pending {
            Some(Error::Busy {
                server: self.shared.settings.borrow().server.clone(),
                limit: self.max_pending,
            })
        } else {
            None
        };
        self.owner.began();
        let ticket = Ticket {
            deferred,
            owner: Some(self.owner.clone()),
            trace: self
                .is_traced
                .get()
                .then(|| Box::new(Trace::new(op, &integration.bytes(env)))),
        };
        self.made.set(self.made.get() + 1);
        if let Some(error) = refusal {
            let failure = Failure {
                op,
                integration: masked(&integration.bytes(env)),
                error,
            };
            return self.shared.border.fail_soon(env, ticket, failure);
        }
        let no_id = if op.is_lookup() {
            Answer::Missing
        } else {
            Answer::No
        };
        let Some(ids) = ids else {
            return Border::settle_now(env, ticket, no_id);
        };
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
        let settings = self.shared.settings.borrow();
        let pushed = self.shared.link.push(&settings, call, |out| {
            text::write(env, &self.prefix, integration, ids, out)
        });
        match pushed {
            Ok(()) => self.shared.border.depart(env),
            Err((call, Unwritten::NoId)) => Border::settle_now(env, call.ticket, no_id),
            Err((call, Unwritten::Unreadable)) => {
                let failure = Failure {
                    op,
                    integration: String::new(),
                    error: Error::Internal("an argument cannot be read".into()),
                };
                self.shared.border.fail_soon(env, call.ticket, failure);
            }
        }
    }
}

/// The arguments of a call as strings; `ids` is `None` when one of them is no id.
struct Arguments {
    integration: Text,
    ids: Option<[Option<Text>; 2]>,
}

/// Turns the arguments into strings, in the order of a template literal, which may run code.
fn arguments(
    env: sys::napi_env,
    integration: Unknown<'_>,
    ids: [Option<Unknown<'_>>; 2],
) -> Result<Arguments> {
    let integration = text::of_any(env, integration.raw())?;
    let mut all = Some([None, None]);
    for (index, id) in ids.into_iter().enumerate() {
        let Some(id) = id else { continue };
        match (text::of_id(env, id.raw())?, &mut all) {
            (Some(text), Some(texts)) => texts[index] = Some(text),
            _ => all = None,
        }
    }
    Ok(Arguments {
        integration,
        ids: all,
    })
}
