//! The native side of one client or address: its connection, shared by its stores.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, JsValue, Result, sys};
use napi_derive::napi;

use super::border::{Border, Queue, Ticket};
use super::promise::Promises;
use super::settings::ServerSettings;
use super::value::{Reference, Values, integer};
use crate::backend::redis::Redis;
use crate::call::Answer;
use crate::engine;
use crate::settings::Settings;

/// A connection to one server, opened by the first call.
#[napi]
pub struct Link(pub(super) Rc<Shared>);

/// What a link and its stores share on the JavaScript thread.
pub(super) struct Shared {
    pub env: sys::napi_env,
    pub border: Arc<Border>,
    pub link: Arc<Queue>,
    pub burst: RefCell<engine::Submission<Ticket, Redis>>,
    pub promises: Rc<Promises>,
    pub settings: RefCell<Arc<Settings>>,
    pub is_closed: Cell<bool>,
}

impl Shared {
    fn end_burst(&self) {
        self.burst.borrow_mut().end(self.border.pending());
    }
}

impl Drop for Shared {
    /// The last store and its client are garbage: calls under way complete, then all goes.
    fn drop(&mut self) {
        self.link.orphan();
        self.border.orphan(self.env);
    }
}

#[napi]
impl Link {
    /// `listener(state, server, reason)` hears what happens to the connection, and
    /// `settle(number, result, number, …)` what becomes of calls.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        settings: ServerSettings,
        #[napi(ts_arg_type = "(state: string, server: string, reason: string) => void")]
        listener: Unknown<'_>,
        #[napi(ts_arg_type = "(...settled: unknown[]) => void")] settle: Unknown<'_>,
    ) -> Result<Link> {
        let settings = RefCell::new(Arc::new(Settings::try_from(settings)?));
        let listener = Reference::new(env.raw(), listener.raw())?;
        let settle = Reference::new(env.raw(), settle.raw())?;
        let promises = Rc::new(Promises::default());
        let (border, link) = Border::new(env, listener, settle, promises.clone())?;
        Ok(Link(Rc::new(Shared {
            env: env.raw(),
            border,
            burst: RefCell::new(engine::Submission::new(link.clone())),
            link,
            promises,
            settings,
            is_closed: Cell::new(false),
        })))
    }

    /// The settings of the calls from now on.
    #[napi]
    pub fn update(&self, settings: ServerSettings) -> Result<()> {
        *self.0.settings.borrow_mut() = Arc::new(Settings::try_from(settings)?);
        Ok(())
    }

    /// Sends the calls made since the last time: to be called after a call that gave a number below
    /// zero, once what else was to be called is called.
    #[napi]
    pub fn end_burst(&self) {
        self.0.end_burst();
    }

    /// Ends the link: later calls fail, and the connection closes when the earlier ones have
    /// completed. Gives the number that is settled then, or `true` when there is nothing to wait for.
    #[napi(ts_return_type = "number | true")]
    pub fn close<'env>(&self, env: &'env Env) -> Unknown<'env> {
        let shared = &self.0;
        shared.is_closed.set(true);
        shared.end_burst();
        let number = shared.promises.add(None);
        let value = if shared.link.close(number).is_none() {
            shared.border.depart(env.raw());
            integer(env.raw(), number as i32)
        } else {
            shared.promises.free([number]);
            Values::new(env.raw()).of(env.raw(), &Answer::Yes)
        };
        // SAFETY: just made in `env`.
        unsafe { Unknown::from_raw_unchecked(env.raw(), value) }
    }
}
