//! JavaScript values that outlive a call or are made for many: references, strings, scopes.

use std::ptr;

use napi::{Result, check_status, sys};

use crate::call::Answer;
use crate::engine::Failure;

/// A JavaScript function.
pub(super) struct Reference(sys::napi_ref);

// SAFETY: the pointer is only carried through other threads; all methods take the environment,
// which exists on the JavaScript thread only.
unsafe impl Send for Reference {}
// SAFETY: as above.
unsafe impl Sync for Reference {}

impl Reference {
    /// Keeps `function` alive until [`Reference::delete`] or the environment's end.
    pub(super) fn new(env: sys::napi_env, function: sys::napi_value) -> Result<Reference> {
        Reference::held(env, function, 1)
    }

    /// Keeps `function` alive only while it is held.
    pub(super) fn weak(env: sys::napi_env, function: sys::napi_value) -> Result<Reference> {
        Reference::held(env, function, 0)
    }

    fn held(env: sys::napi_env, function: sys::napi_value, times: u32) -> Result<Reference> {
        let mut reference = ptr::null_mut();
        // SAFETY: `function` is a live handle of `env`.
        check_status!(unsafe { sys::napi_create_reference(env, function, times, &mut reference) })?;
        Ok(Reference(reference))
    }

    /// Keeps the function alive, until it is let go as often.
    pub(super) fn hold(&self, env: sys::napi_env) {
        // SAFETY: the reference is alive until `delete`, which its holder calls last.
        unsafe { sys::napi_reference_ref(env, self.0, ptr::null_mut()) };
    }

    /// Takes one [`Reference::hold`] back.
    pub(super) fn let_go(&self, env: sys::napi_env) {
        // SAFETY: as in `hold`.
        unsafe { sys::napi_reference_unref(env, self.0, ptr::null_mut()) };
    }

    /// Calls the function, whose exceptions are dropped: it is our own and catches its user's. Gives
    /// nothing when it did not return, or is garbage.
    pub(super) fn call(
        &self,
        env: sys::napi_env,
        arguments: &[sys::napi_value],
    ) -> Option<sys::napi_value> {
        let (mut function, mut this) = (ptr::null_mut(), ptr::null_mut());
        let mut result = ptr::null_mut();
        // SAFETY: the reference is alive until `delete`, which its holder calls last; all handles
        // are of `env` and in scope.
        let status = unsafe {
            sys::napi_get_reference_value(env, self.0, &mut function);
            sys::napi_get_undefined(env, &mut this);
            sys::napi_call_function(
                env,
                this,
                function,
                arguments.len(),
                arguments.as_ptr(),
                &mut result,
            )
        };
        if status != sys::Status::napi_ok {
            let mut thrown = ptr::null_mut();
            // SAFETY: clears what the call may have thrown; harmless when it has not.
            unsafe { sys::napi_get_and_clear_last_exception(env, &mut thrown) };
            return None;
        }
        Some(result)
    }

    /// Lets the function go. The last use of this reference.
    pub(super) fn delete(&self, env: sys::napi_env) {
        // SAFETY: `env` is the environment it was made in; the holder uses it no more.
        unsafe { sys::napi_delete_reference(env, self.0) };
    }
}

/// The values that most calls resolve to, made once for all that has arrived.
pub(super) struct Values {
    yes: sys::napi_value,
    no: sys::napi_value,
    null: sys::napi_value,
    /// `undefined`
    pub undefined: sys::napi_value,
}

impl Values {
    /// The values, as handles of the current scope.
    pub(super) fn new(env: sys::napi_env) -> Values {
        let (mut null, mut undefined) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: each is a valid place for a handle of `env`; these calls do not fail.
        unsafe {
            sys::napi_get_null(env, &mut null);
            sys::napi_get_undefined(env, &mut undefined);
        }
        Values {
            yes: boolean(env, true),
            no: boolean(env, false),
            null,
            undefined,
        }
    }

    /// What a call that failed comes to when nobody is to hear of that.
    pub(super) fn quiet(&self, failure: &Failure) -> sys::napi_value {
        match failure.operation.is_lookup() {
            false => self.no,
            // Nothing is kept under what is no id.
            true if failure.error.is_no_id() => self.null,
            true => self.undefined,
        }
    }

    /// What a call comes to.
    pub(super) fn of(&self, env: sys::napi_env, answer: &Answer) -> sys::napi_value {
        match answer {
            Answer::Yes => self.yes,
            Answer::No => self.no,
            Answer::Missing => self.null,
            Answer::Id(id) => string(env, id).unwrap_or(self.undefined),
            Answer::Page(page) => {
                let texts = page.iter();
                let texts = texts.map(|text| string(env, text).unwrap_or(self.undefined));
                array(env, texts).unwrap_or(self.undefined)
            }
        }
    }
}

/// A JavaScript array; `None` where it cannot be made.
pub(super) fn array(
    env: sys::napi_env,
    items: impl ExactSizeIterator<Item = sys::napi_value>,
) -> Option<sys::napi_value> {
    let mut array = ptr::null_mut();
    // SAFETY: `array` is a valid place for a handle of `env`.
    let status = unsafe { sys::napi_create_array_with_length(env, items.len(), &mut array) };
    if status != sys::Status::napi_ok {
        return None;
    }
    for (n, item) in items.enumerate() {
        // SAFETY: both are live handles of `env`, `array` that of an array.
        unsafe { sys::napi_set_element(env, array, n as u32, item) };
    }
    Some(array)
}

/// `true` or `false`
pub(super) fn boolean(env: sys::napi_env, is_true: bool) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: `value` is a valid place for a handle of `env`; this call does not fail.
    unsafe { sys::napi_get_boolean(env, is_true, &mut value) };
    value
}

/// A JavaScript number of an integer.
pub(super) fn integer(env: sys::napi_env, integer: i32) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: `value` is a valid place for a handle of `env`; this call does not fail.
    unsafe { sys::napi_create_int32(env, integer, &mut value) };
    value
}

/// A JavaScript string of UTF-8, in which what is no UTF-8 becomes U+FFFD.
pub(super) fn string(env: sys::napi_env, text: &[u8]) -> Option<sys::napi_value> {
    // One byte a character and no decoding where that is enough.
    let make = if text.is_ascii() {
        sys::napi_create_string_latin1
    } else {
        sys::napi_create_string_utf8
    };
    let mut value = ptr::null_mut();
    // SAFETY: `text` is that long and copied.
    let status = unsafe { make(env, text.as_ptr().cast(), text.len() as isize, &mut value) };
    (status == sys::Status::napi_ok).then_some(value)
}

/// A JavaScript error with a code.
pub(super) fn error(
    env: sys::napi_env,
    code: sys::napi_value,
    message: sys::napi_value,
) -> Option<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: both are live handles of `env`.
    let status = unsafe { sys::napi_create_error(env, code, message, &mut value) };
    (status == sys::Status::napi_ok).then_some(value)
}

/// A JavaScript number.
pub(super) fn number(env: sys::napi_env, number: f64) -> Option<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: `value` is a valid place for a handle of `env`.
    let status = unsafe { sys::napi_create_double(env, number, &mut value) };
    (status == sys::Status::napi_ok).then_some(value)
}

/// A handle scope, closed when dropped.
pub(super) struct Scope {
    env: sys::napi_env,
    scope: sys::napi_handle_scope,
}

impl Scope {
    /// Opens a scope; handles made from now on last until it is dropped.
    pub(super) fn open(env: sys::napi_env) -> Scope {
        let mut scope = ptr::null_mut();
        // SAFETY: `scope` is a valid place; closed in `drop`, in order.
        unsafe { sys::napi_open_handle_scope(env, &mut scope) };
        Scope { env, scope }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        // SAFETY: opened in `open`, closed once.
        unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
    }
}
