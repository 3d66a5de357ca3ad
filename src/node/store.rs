//! The class `RedisKeyStore`: a store as `lib/` makes and asks it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, JsValue, Result};
use napi_derive::napi;

use super::calls::Calls;
use super::link::Link;
use super::owner::Owner;
use super::settings::StoreSettings;
use super::value::Reference;

/// The id store of one link. `lib/` keeps the client's part; see `index.d.ts` for the methods.
#[napi]
pub struct RedisKeyStore(Rc<Calls>);

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
        let report = Reference::new(env.raw(), report.raw())?;
        let observe = Reference::new(env.raw(), observe.raw())?;
        let deadline = |ms: u32| link.0.link.epoch + Duration::from_millis(ms.into());
        Ok(RedisKeyStore(Rc::new(Calls {
            shared: link.0.clone(),
            owner: Owner::new(report, observe, settings.strict),
            prefix: settings.key_prefix.into_bytes(),
            read_deadline: deadline(settings.read_timeout),
            write_deadline: deadline(settings.write_timeout),
            max_pending: settings.max_pending as usize,
            made: Cell::new(0),
            is_traced: Cell::new(false),
        })))
    }

    /// Whether calls from now on are told to `observe`.
    #[napi]
    pub fn trace(&self, is_traced: bool) {
        self.0.is_traced.set(is_traced);
    }

    /// What this store did so far.
    #[napi]
    pub fn counts(&self) -> Counts {
        let stats = self.0.shared.link.backend.stats();
        Counts {
            calls: self.0.made.get() as f64,
            pending: self.0.owner.pending() as u32,
            sent: stats.sent() as f64,
            received: stats.received() as f64,
        }
    }

    /// The five calls on pairs as functions of their own, which cost less to call than methods.
    #[napi(ts_return_type = "Calls")]
    pub fn calls<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.0.functions(env)
    }
}
