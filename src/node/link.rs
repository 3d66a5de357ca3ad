//! The native side of one client or address: its connection, shared by its stores.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, JsValue, Result, sys};
use napi_derive::napi;

use super::border::{Border, Ticket};
use super::promise::Deferred;
use super::settings::ServerSettings;
use super::value::Reference;
use crate::engine;
use crate::options::Settings;
use crate::store::Answer;

/// A connection to one server, opened by the first call.
#[napi]
pub struct Link(pub(super) Rc<Shared>);

/// What a link and its stores share on the JavaScript thread.
pub(super) struct Shared {
    pub env: sys::napi_env,
    pub border: Arc<Border>,
    pub link: Arc<engine::Link<Ticket>>,
    pub settings: RefCell<Arc<Settings>>,
    pub is_closed: Cell<bool>,
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
    /// `listener(state, server, reason)` hears what happens to the connection.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        settings: ServerSettings,
        #[napi(ts_arg_type = "(state: string, server: string, reason: string) => void")]
        listener: Unknown<'_>,
    ) -> Result<Link> {
        let settings = RefCell::new(Arc::new(Settings::try_from(settings)?));
        let listener = Reference::new(env.raw(), listener.raw())?;
        let (border, link) = Border::new(env, listener)?;
        Ok(Link(Rc::new(Shared {
            env: env.raw(),
            border,
            link,
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

    /// Ends the link: later calls fail, and the connection closes when the earlier ones have
    /// completed. Resolves then.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        let (deferred, promise) = Deferred::new(env.raw())?;
        self.0.is_closed.set(true);
        let ticket = Ticket {
            deferred,
            owner: None,
            trace: None,
        };
        match self.0.link.close(ticket) {
            None => self.0.border.depart(env.raw()),
            Some(ticket) => Border::settle_now(env.raw(), ticket, Answer::Yes),
        }
        // SAFETY: just made in `env`.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), promise) })
    }
}
