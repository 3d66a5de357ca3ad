//! Promises as Node-API has them: a promise and the deferred that settles it, once.

use std::ptr;

use napi::{Result, check_status, sys};

/// The hidden side of a promise.
#[derive(Debug)]
pub struct Deferred(sys::napi_deferred);

// SAFETY: the pointer is only carried through other threads; it is used in `resolve` and `reject`
// alone, which take the environment that exists on the JavaScript thread only.
unsafe impl Send for Deferred {}

impl Deferred {
    /// Makes a promise.
    pub fn new(env: sys::napi_env) -> Result<(Deferred, sys::napi_value)> {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: both are valid places for the results; `env` is the current environment.
        check_status!(unsafe { sys::napi_create_promise(env, &mut deferred, &mut promise) })?;
        Ok((Deferred(deferred), promise))
    }

    /// Resolves the promise. `value` must be a handle of `env` that is in scope.
    pub fn resolve(self, env: sys::napi_env, value: sys::napi_value) {
        // SAFETY: the deferred was made in this environment and is consumed here, so it is settled
        // once. A failing status means that the environment is going down: nobody waits then.
        unsafe { sys::napi_resolve_deferred(env, self.0, value) };
    }

    /// Rejects the promise. `value` must be a handle of `env` that is in scope.
    pub fn reject(self, env: sys::napi_env, value: sys::napi_value) {
        // SAFETY: as in `resolve`.
        unsafe { sys::napi_reject_deferred(env, self.0, value) };
    }
}
