//! JavaScript functions that are native ones. Calling one costs less than a method of a napi class,
//! which checks class and borrow with every call, and less than a closure of napi, which allocates.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result, check_status, sys};

/// How many arguments a function hears of.
pub(super) const ARGUMENTS: usize = 3;

/// A JavaScript function that gives what `run` does with its first arguments, `undefined` in place
/// of those that are missing. It keeps `run`, until it is garbage or its environment ends.
pub(super) fn function<'env, F>(env: &'env Env, name: &str, run: F) -> Result<Unknown<'env>>
where
    F: Fn(sys::napi_env, [sys::napi_value; ARGUMENTS]) -> sys::napi_value + 'static,
{
    make(env, name, run, enter::<F>)
}

/// The same, of all its arguments: to read them from an array takes longer.
pub(super) fn variadic<'env, F>(env: &'env Env, name: &str, run: F) -> Result<Unknown<'env>>
where
    F: Fn(sys::napi_env, &[sys::napi_value]) -> sys::napi_value + 'static,
{
    make(env, name, run, enter_all::<F>)
}

/// What Node calls for a function.
type Enter = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// A JavaScript function that is `enter`, which finds `run` in its data.
fn make<'env, F: 'static>(
    env: &'env Env,
    name: &str,
    run: F,
    enter: Enter,
) -> Result<Unknown<'env>> {
    let data = Box::into_raw(Box::new(run)).cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: `name` is that long and copied; `data` is what `enter` expects, and lives as long
    // as the function: `finalize::<F>` frees it.
    let status = unsafe {
        let (name, length) = (name.as_ptr().cast(), name.len() as isize);
        let status =
            sys::napi_create_function(env.raw(), name, length, Some(enter), data, &mut function);
        match status {
            sys::Status::napi_ok => sys::napi_wrap(
                env.raw(),
                function,
                data,
                Some(finalize::<F>),
                ptr::null_mut(),
                ptr::null_mut(),
            ),
            _ => status,
        }
    };
    if status != sys::Status::napi_ok {
        // SAFETY: Node did not take it, and nobody can call a function that is not returned.
        drop(unsafe { Box::from_raw(data.cast::<F>()) });
    }
    check_status!(status, "cannot make a function")?;
    // SAFETY: `function` was just made in `env`.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), function) })
}

unsafe extern "C" fn enter<F>(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value
where
    F: Fn(sys::napi_env, [sys::napi_value; ARGUMENTS]) -> sys::napi_value,
{
    let mut given = [ptr::null_mut(); ARGUMENTS];
    let (mut count, mut data) = (ARGUMENTS, ptr::null_mut());
    // SAFETY: Node writes `count` handles, filling up with `undefined`, and the function's data.
    unsafe {
        let this = ptr::null_mut();
        sys::napi_get_cb_info(env, info, &mut count, given.as_mut_ptr(), this, &mut data);
    }
    // SAFETY: made in `make`, and alive as long as the function, which is being called.
    let run = unsafe { &*data.cast::<F>() };
    caught(env, || run(env, given))
}

unsafe extern "C" fn enter_all<F>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value
where
    F: Fn(sys::napi_env, &[sys::napi_value]) -> sys::napi_value,
{
    let (mut count, mut data) = (0, ptr::null_mut());
    let (this, none) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: Node writes no handle, how many there are, and the function's data.
    unsafe { sys::napi_get_cb_info(env, info, &mut count, none, this, &mut data) };
    let mut given = vec![ptr::null_mut(); count];
    // SAFETY: Node writes `count` handles.
    unsafe {
        let none = ptr::null_mut();
        sys::napi_get_cb_info(env, info, &mut count, given.as_mut_ptr(), this, none);
    }
    // SAFETY: made in `make`, and alive as long as the function, which is being called.
    let run = unsafe { &*data.cast::<F>() };
    caught(env, || run(env, &given))
}

/// What a function gives; a panic becomes a pending exception.
fn caught(env: sys::napi_env, run: impl FnOnce() -> sys::napi_value) -> sys::napi_value {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        // SAFETY: both texts end with NUL. Once this returns, JavaScript gets the exception.
        unsafe { sys::napi_throw_error(env, c"INTERNAL".as_ptr(), c"a call panicked".as_ptr()) };
        ptr::null_mut()
    })
}

/// The function is garbage, or its environment ends.
unsafe extern "C" fn finalize<F>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: made in `make`; Node calls this once, last.
    drop(unsafe { Box::from_raw(data.cast::<F>()) });
}
