//! The class `RedisKeyStore`: a store as `lib/` makes and asks it.

use std::rc::Rc;

use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, JsValue, Result};
use napi_derive::napi;

use super::calls::Calls;
use super::js_settings::StoreSettings;
use super::link::Link;
use super::owner::Owner;
use super::value::Reference;

/// The id store, of one link after another. `lib/` keeps the client's part; see `index.d.ts` for the
/// methods.
#[napi]
pub struct RedisKeyStore(Rc<Owner>);

/// Counts of one store.
#[napi(object)]
pub struct Counts {
    /// Calls made.
    pub calls: f64,
    /// Those that are not settled.
    pub pending: u32,
}

#[napi]
impl RedisKeyStore {
    /// A store that tells of failures by `report(code, message, operation, integration,
    /// number)`, which is kept alive only while a call is under way, and of traced calls by
    /// `observe(operation, integration, milliseconds, outcome, attempts, number)`: `number` is that of
    /// the call's promise, which is settled next.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        settings: StoreSettings,
        #[napi(
            ts_arg_type = "(code: string, message: string, operation: string, integration: string, number: number) => Error"
        )]
        report: Unknown<'_>,
        #[napi(
            ts_arg_type = "(operation: string, integration: string, milliseconds: number, outcome: string, attempts: number, number: number) => void"
        )]
        observe: Unknown<'_>,
    ) -> Result<RedisKeyStore> {
        let report = Reference::weak(env.raw(), report.raw())?;
        let observe = Reference::new(env.raw(), observe.raw())?;
        Ok(RedisKeyStore(Owner::new(
            env.raw(),
            settings,
            report,
            observe,
        )))
    }

    /// Whether calls from now on are told to `observe`.
    #[napi]
    pub fn trace(&self, is_traced: bool) {
        self.0.is_traced.set(is_traced);
    }

    /// What this store did so far.
    #[napi]
    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.0.made.get() as f64,
            pending: self.0.pending() as u32,
        }
    }

    /// The five calls on pairs over `link`, as functions of their own, which cost less to call than
    /// methods.
    #[napi(ts_return_type = "Calls")]
    pub fn calls<'env>(&self, env: &'env Env, link: &Link) -> Result<Object<'env>> {
        Calls::new(link.0.clone(), self.0.clone()).functions(env)
    }
}
