//! The class `RedisKeyStore`: arguments in, promises out.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::Unknown;
use napi::{Env, JsValue, Result, sys};
use napi_derive::napi;

use super::border::{Border, Ticket};
use super::link::{Link, Shared};
use super::promise::Deferred;
use super::settings::StoreSettings;
use super::text::{self, Text, Unwritten};
use super::trace::Trace;
use super::value::{Reference, string};
use crate::engine::{Call, Failure};
use crate::error::{Error, masked};
use crate::store::{Answer, Op};

/// A store as its calls under way know it; it outlives the JavaScript object until they settle.
pub struct Owner {
    /// `report(code, message, operation, integration)` tells of a failure and returns the error.
    report: Reference,
    /// `observe(operation, integration, milliseconds, outcome, attempts)` hears of traced calls.
    observe: Reference,
    is_strict: bool,
    /// Calls that are not settled. Written by the JavaScript thread only.
    pending: AtomicUsize,
    /// Whether the JavaScript object is gone.
    is_gone: AtomicBool,
}

impl Owner {
    /// Tells of the failure, and settles the call as the store is set to.
    pub fn fail(&self, env: sys::napi_env, deferred: Deferred, failure: &Failure) {
        let message = failure.error.to_string();
        let texts = [
            failure.error.code(),
            &message,
            failure.op.name(),
            &failure.integration,
        ];
        let arguments = texts.map(|text| string(env, text.as_bytes()));
        let error = arguments
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .and_then(|arguments| self.report.call(env, &arguments));
        match error {
            Some(error) if self.is_strict => deferred.reject(env, error),
            _ => deferred.resolve(env, quiet(env, failure.op)),
        }
    }

    /// Tells of a traced call, whatever became of it.
    pub fn tell(
        &self,
        env: sys::napi_env,
        trace: &Trace,
        result: &std::result::Result<Answer, Failure>,
        attempts: u8,
    ) {
        if let Some(arguments) = trace.arguments(env, result, attempts) {
            self.observe.call(env, &arguments);
        }
    }

    /// One call of this store is settled.
    pub fn settled(&self, env: sys::napi_env) {
        let pending = self.pending.load(Ordering::Relaxed) - 1;
        self.pending.store(pending, Ordering::Relaxed);
        if self.is_gone.load(Ordering::Relaxed) {
            self.let_go(env);
        }
    }

    /// The JavaScript object is gone: so are its functions, once no call needs them.
    fn let_go(&self, env: sys::napi_env) {
        if self.pending.load(Ordering::Relaxed) == 0 {
            self.report.delete(env);
            self.observe.delete(env);
        }
    }
}

/// What a failed call resolves to: `undefined` for a lookup, else `false`.
fn quiet(env: sys::napi_env, op: Op) -> sys::napi_value {
    let mut value = std::ptr::null_mut();
    // SAFETY: `value` is a valid place for a handle of `env`.
    unsafe {
        if op.is_lookup() {
            sys::napi_get_undefined(env, &mut value);
        } else {
            sys::napi_get_boolean(env, false, &mut value);
        }
    }
    value
}

/// The id store of one link. `lib/` keeps the client's part; see `index.d.ts` for the methods.
#[napi]
pub struct RedisKeyStore {
    shared: Rc<Shared>,
    owner: Arc<Owner>,
    prefix: Vec<u8>,
    read_timeout: Duration,
    write_timeout: Duration,
    max_pending: usize,
    /// Calls made.
    calls: Cell<u64>,
    is_traced: Cell<bool>,
}

/// Counts of one store; the bytes are those of its link.
#[napi(object)]
pub struct Counts {
    /// Calls made.
    pub calls: f64,
    /// Those that are not settled.
    pub pending: u32,
    /// Bytes sent.
    pub sent: f64,
    /// Bytes received.
    pub received: f64,
}

impl Drop for RedisKeyStore {
    fn drop(&mut self) {
        self.owner.is_gone.store(true, Ordering::Relaxed);
        self.owner.let_go(self.shared.env);
    }
}

#[napi]
impl RedisKeyStore {
    /// A store over `link` that tells of failures by `report(code, message, operation, integration)`
    /// and of traced calls by `observe(operation, integration, milliseconds, outcome, attempts)`.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        link: &Link,
        settings: StoreSettings,
        #[napi(
            ts_arg_type = "(code: string, message: string, operation: string, integration: string) => Error"
        )]
        report: Unknown<'_>,
        #[napi(
            ts_arg_type = "(operation: string, integration: string, milliseconds: number, outcome: string, attempts: number) => void"
        )]
        observe: Unknown<'_>,
    ) -> Result<RedisKeyStore> {
        Ok(RedisKeyStore {
            shared: link.0.clone(),
            owner: Arc::new(Owner {
                report: Reference::new(env.raw(), report.raw())?,
                observe: Reference::new(env.raw(), observe.raw())?,
                is_strict: settings.strict,
                pending: AtomicUsize::new(0),
                is_gone: AtomicBool::new(false),
            }),
            prefix: settings.key_prefix.into_bytes(),
            read_timeout: Duration::from_millis(settings.read_timeout.into()),
            write_timeout: Duration::from_millis(settings.write_timeout.into()),
            max_pending: settings.max_pending as usize,
            calls: Cell::new(0),
            is_traced: Cell::new(false),
        })
    }

    /// Whether calls from now on are told to `observe`.
    #[napi]
    pub fn trace(&self, is_traced: bool) {
        self.is_traced.set(is_traced);
    }

    /// What this store did so far.
    #[napi]
    pub fn counts(&self) -> Counts {
        let traffic = &self.shared.link.traffic;
        Counts {
            calls: self.calls.get() as f64,
            pending: self.owner.pending.load(Ordering::Relaxed) as u32,
            sent: traffic.sent() as f64,
            received: traffic.received() as f64,
        }
    }

    /// Saves a pair.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn save_ids<'env>(
        &self,
        env: &'env Env,
        integration_id: Unknown<'env>,
        botmatic_id: Unknown<'env>,
        ext_id: Unknown<'env>,
    ) -> Result<Unknown<'env>> {
        let ids = [Some(botmatic_id), Some(ext_id)];
        self.call(env, Op::SaveIds, integration_id, ids)
    }

    /// The botmatic id of an external id.
    #[napi(ts_return_type = "Promise<string | null | undefined>")]
    pub fn get_botmatic_id<'env>(
        &self,
        env: &'env Env,
        integration_id: Unknown<'env>,
        ext_id: Unknown<'env>,
    ) -> Result<Unknown<'env>> {
        self.call(env, Op::GetBotmaticId, integration_id, [Some(ext_id), None])
    }

    /// The external id of a botmatic id.
    #[napi(ts_return_type = "Promise<string | null | undefined>")]
    pub fn get_ext_id<'env>(
        &self,
        env: &'env Env,
        integration_id: Unknown<'env>,
        botmatic_id: Unknown<'env>,
    ) -> Result<Unknown<'env>> {
        self.call(env, Op::GetExtId, integration_id, [Some(botmatic_id), None])
    }

    /// Deletes a pair.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn delete_ids<'env>(
        &self,
        env: &'env Env,
        integration_id: Unknown<'env>,
        botmatic_id: Unknown<'env>,
        ext_id: Unknown<'env>,
    ) -> Result<Unknown<'env>> {
        let ids = [Some(botmatic_id), Some(ext_id)];
        self.call(env, Op::DeleteIds, integration_id, ids)
    }

    /// Deletes all pairs of an integration.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn delete_all_ids<'env>(
        &self,
        env: &'env Env,
        integration_id: Unknown<'env>,
    ) -> Result<Unknown<'env>> {
        self.call(env, Op::DeleteAllIds, integration_id, [None, None])
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
        let pending = self.owner.pending.load(Ordering::Relaxed);
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
        self.owner.pending.store(pending + 1, Ordering::Relaxed);
        let ticket = Ticket {
            deferred,
            owner: Some(self.owner.clone()),
            trace: self
                .is_traced
                .get()
                .then(|| Box::new(Trace::new(op, &integration.bytes(env)))),
        };
        self.calls.set(self.calls.get() + 1);
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
