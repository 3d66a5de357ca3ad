//! The signal to the JavaScript thread that there is something for it: a threadsafe function.

use std::ffi::c_void;
use std::ptr;

use napi::bindgen_prelude::Object;
use napi::{Env, JsValue, Result, check_status, sys};

use super::value::string;

/// A threadsafe function, alive until [`Signal::release`] or the end of its environment: whoever has
/// copies sees to it that none is used after that.
#[derive(Clone, Copy)]
pub(super) struct Signal(sys::napi_threadsafe_function);

// SAFETY: Node allows threadsafe functions to be called from any thread.
unsafe impl Send for Signal {}

/// What the threadsafe function carries.
struct Context {
    run: Box<dyn Fn(sys::napi_env)>,
    end: Box<dyn FnOnce()>,
}

impl Signal {
    /// A signal on which `run` is called on the JavaScript thread, and `end` last, also when the
    /// environment goes down. `async_hooks` see `resource`. It keeps no process alive.
    pub(super) fn new(
        env: &Env,
        resource: Object,
        run: impl Fn(sys::napi_env) + 'static,
        end: impl FnOnce() + 'static,
    ) -> Result<Signal> {
        let raw = env.raw();
        let name = string(raw, b"js-redis-key-store").unwrap_or(ptr::null_mut());
        let context = Context {
            run: Box::new(run),
            end: Box::new(end),
        };
        let context = Box::into_raw(Box::new(context)).cast::<c_void>();
        let mut function = ptr::null_mut();
        // SAFETY: `context` lives until `finalize` takes it back, the last that Node does with it.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                raw,
                ptr::null_mut(),
                resource.raw(),
                name,
                0,
                1,
                ptr::null_mut(),
                Some(finalize),
                context,
                Some(on_signal),
                &mut function,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: Node did not take it.
            drop(unsafe { Box::from_raw(context.cast::<Context>()) });
        }
        check_status!(status, "cannot make a threadsafe function")?;
        let signal = Signal(function);
        signal.let_go(raw);
        Ok(signal)
    }

    /// Keeps the process alive from now on. On the JavaScript thread.
    pub(super) fn hold(self, env: sys::napi_env) {
        // SAFETY: alive, see the type; this is the JavaScript thread. It does not fail then.
        unsafe { sys::napi_ref_threadsafe_function(env, self.0) };
    }

    /// Takes [`Signal::hold`] back. On the JavaScript thread.
    pub(super) fn let_go(self, env: sys::napi_env) {
        // SAFETY: as in `hold`.
        unsafe { sys::napi_unref_threadsafe_function(env, self.0) };
    }

    /// Gives the signal; whether it goes on to live.
    pub(super) fn give(self) -> bool {
        // SAFETY: alive, see the type.
        let status = unsafe {
            sys::napi_call_threadsafe_function(
                self.0,
                ptr::null_mut(),
                sys::ThreadsafeFunctionCallMode::nonblocking,
            )
        };
        status != sys::Status::napi_closing
    }

    /// Ends it. The last use.
    pub(super) fn release(self) {
        // SAFETY: alive, see the type, and not used any more.
        unsafe {
            sys::napi_release_threadsafe_function(
                self.0,
                sys::ThreadsafeFunctionReleaseMode::release,
            );
        }
    }
}

unsafe extern "C" fn on_signal(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    // Node calls without an environment when it is going down.
    if !env.is_null() {
        // SAFETY: made in `Signal::new`, alive until `finalize`.
        let context = unsafe { &*context.cast::<Context>() };
        (context.run)(env);
    }
}

/// The threadsafe function ends: released, or its environment goes down with calls under way.
unsafe extern "C" fn finalize(_env: sys::napi_env, _data: *mut c_void, context: *mut c_void) {
    // SAFETY: made in `Signal::new`; Node calls this once, last.
    let Context { end, .. } = *unsafe { Box::from_raw(context.cast::<Context>()) };
    end();
}
