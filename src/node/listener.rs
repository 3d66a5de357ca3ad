//! The JavaScript function that hears of a link's connection, and says what to make it with.

use napi::{Result, sys};

use super::value::{Reference, string};
use crate::backend::Remark;
use crate::engine::ConnectionEvent;
use crate::error::Error;

/// `listener(state, server, reason, code)`.
pub(super) struct Listener(Reference);

impl Listener {
    /// Keeps `function` alive until [`Listener::delete`].
    pub(super) fn new(env: sys::napi_env, function: sys::napi_value) -> Result<Listener> {
        Reference::new(env, function).map(Listener)
    }

    /// Tells what has happened.
    pub(super) fn hear(&self, env: sys::napi_env, event: ConnectionEvent) {
        let failed = |error: Error| (error.to_string(), error.code());
        let (state, server, (reason, code)) = match event {
            ConnectionEvent::Connecting(server) => ("connecting", server, Default::default()),
            ConnectionEvent::Ready(server) => ("ready", server, Default::default()),
            ConnectionEvent::Failed(server, error) => ("failed", server, failed(error)),
            ConnectionEvent::Lost(server, error) => ("lost", server, failed(error)),
            ConnectionEvent::Warned(Remark { server, text }) => {
                ("warning", server, (text.to_string(), ""))
            }
        };
        let texts = [state, &server, &reason, code].map(|text| string(env, text.as_bytes()));
        if let [Some(state), Some(server), Some(reason), Some(code)] = texts {
            self.0.call(env, &[state, server, reason, code]);
        }
    }

    /// Asks for the settings of now. Gives whether they are still to be found out.
    pub(super) fn ask(&self, env: sys::napi_env, is_refused: bool) -> bool {
        let state: &[u8] = if is_refused { b"refused" } else { b"asked" };
        let state = string(env, state);
        let told = state.and_then(|state| self.0.call(env, &[state]));
        let mut is_later = false;
        if let Some(told) = told {
            // SAFETY: a handle of `env` in scope; what is no boolean leaves `is_later` as it is.
            unsafe { sys::napi_get_value_bool(env, told, &mut is_later) };
        }
        is_later
    }

    /// Lets the function go. The last use of this.
    pub(super) fn delete(&self, env: sys::napi_env) {
        self.0.delete(env);
    }
}
