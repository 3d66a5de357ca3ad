//! The text of arguments, as a template literal has it.

use std::ptr;

use napi::{Result, check_status, sys};

use crate::call::NoId;
use crate::engine::Lengths;

/// Below this and above its negative, every integer is a number of its own, with itself as text.
const UNSAFE: f64 = 9_007_199_254_740_992.0;

/// Why a call's arguments were not written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// The id of that number is empty.
    Empty(usize),
    /// One is neither string nor integer, could not be read, or its length does not fit.
    Unreadable,
}

/// Turns an argument of any type into a string. Fails with a pending exception when its conversion
/// throws.
pub(super) fn convert(env: sys::napi_env, value: &mut sys::napi_value) -> Result<()> {
    // SAFETY: `value` is a live handle of `env`, the current environment.
    check_status!(unsafe { sys::napi_coerce_to_string(env, *value, value) })
}

/// Turns an id into a string, as `convert` does, unless it is none: then tells what it is. Empty text
/// shows when it is written.
pub(super) fn convert_id(env: sys::napi_env, value: &mut sys::napi_value) -> Result<Option<NoId>> {
    match type_of(env, *value)? {
        sys::ValueType::napi_undefined => return Ok(Some(NoId::Undefined)),
        sys::ValueType::napi_null => return Ok(Some(NoId::Null)),
        sys::ValueType::napi_function => return Ok(Some(NoId::Function)),
        sys::ValueType::napi_number => {
            let mut number = 0.0;
            // SAFETY: `value` is a live handle to a number.
            check_status!(unsafe { sys::napi_get_value_double(env, *value, &mut number) })?;
            if number.is_nan() {
                return Ok(Some(NoId::NotANumber));
            }
        }
        sys::ValueType::napi_object => {
            let mut is_array = false;
            // SAFETY: `value` is a live handle of `env`.
            check_status!(unsafe { sys::napi_is_array(env, *value, &mut is_array) })?;
            if is_array {
                return Ok(Some(NoId::Array));
            }
            let mut then = ptr::null_mut();
            // SAFETY: `value` is a live handle of `env`, to an object. A getter may run and throw.
            check_status!(unsafe {
                sys::napi_get_named_property(env, *value, c"then".as_ptr(), &mut then)
            })?;
            if type_of(env, then)? == sys::ValueType::napi_function {
                return Ok(Some(NoId::Promise));
            }
            convert(env, value)?;
            let text = bytes(env, *value);
            let is_default = text.starts_with(b"[object ") && text.ends_with(b"]");
            return Ok(is_default.then_some(NoId::Object));
        }
        _ => {}
    }
    convert(env, value)?;
    Ok(None)
}

fn type_of(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_valuetype> {
    let mut kind = 0;
    // SAFETY: `value` is a live handle of `env`.
    check_status!(unsafe { sys::napi_typeof(env, value, &mut kind) })?;
    Ok(kind)
}

/// The UTF-8 of a string, empty when it cannot be read.
pub(super) fn bytes(env: sys::napi_env, string: sys::napi_value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = append(env, string, &mut bytes);
    bytes
}

/// Appends prefix, integration id and ids to `out`, and tells their lengths. Runs no JavaScript.
pub(super) fn write(
    env: sys::napi_env,
    prefix: &[u8],
    integration: sys::napi_value,
    ids: &[sys::napi_value],
    out: &mut Vec<u8>,
) -> std::result::Result<Lengths, Unwritten> {
    out.extend_from_slice(prefix);
    let lengths = Lengths {
        prefix: prefix.len() as u32,
        integration: append(env, integration, out)?,
        ..Lengths::default()
    };
    write_ids(env, lengths, ids, out)
}

/// The same of an integration id whose text is known.
pub(super) fn write_after(
    env: sys::napi_env,
    [prefix, integration]: [&[u8]; 2],
    ids: &[sys::napi_value],
    out: &mut Vec<u8>,
) -> std::result::Result<Lengths, Unwritten> {
    out.extend_from_slice(prefix);
    out.extend_from_slice(integration);
    let lengths = Lengths {
        prefix: prefix.len() as u32,
        integration: integration.len() as u32,
        ..Lengths::default()
    };
    write_ids(env, lengths, ids, out)
}

fn write_ids(
    env: sys::napi_env,
    mut lengths: Lengths,
    ids: &[sys::napi_value],
    out: &mut Vec<u8>,
) -> std::result::Result<Lengths, Unwritten> {
    let places = [&mut lengths.first, &mut lengths.second];
    for (n, (&id, length)) in ids.iter().zip(places).enumerate() {
        *length = append(env, id, out)?;
        if *length == 0 {
            return Err(Unwritten::Empty(n));
        }
    }
    Ok(lengths)
}

/// Appends the UTF-8 of a string or an integer to `out`: its length in bytes. A lone surrogate
/// becomes U+FFFD.
fn append(
    env: sys::napi_env,
    value: sys::napi_value,
    out: &mut Vec<u8>,
) -> std::result::Result<u32, Unwritten> {
    // Ids are short: one guess saves asking for the length first.
    let mut room = 128;
    loop {
        out.reserve(room);
        let spare = out.spare_capacity_mut();
        let mut written = 0;
        // SAFETY: Node writes at most `spare.len()` bytes, its closing NUL included, to the spare
        // room of `out`; `value` is a live handle of `env`.
        let status = unsafe {
            let (start, size) = (spare.as_mut_ptr().cast(), spare.len());
            sys::napi_get_value_string_utf8(env, value, start, size, &mut written)
        };
        if status != sys::Status::napi_ok {
            return append_integer(env, value, out);
        }
        // A character takes at most 4 bytes: with as many and the NUL left over, all fitted.
        if written + 4 < spare.len() {
            // SAFETY: `written` bytes after the current length were just initialised.
            unsafe { out.set_len(out.len() + written) };
            return u32::try_from(written).map_err(|_| Unwritten::Unreadable);
        }
        // SAFETY: without a buffer, only the length is told.
        unsafe {
            sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &mut room);
        }
        room += 8;
    }
}

fn append_integer(
    env: sys::napi_env,
    value: sys::napi_value,
    out: &mut Vec<u8>,
) -> std::result::Result<u32, Unwritten> {
    let mut number = f64::NAN;
    // SAFETY: `value` is a live handle of `env`; `number` stays when it is no number.
    unsafe { sys::napi_get_value_double(env, value, &mut number) };
    let integer = number as i64;
    if integer as f64 != number || number.abs() >= UNSAFE {
        return Err(Unwritten::Unreadable);
    }
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(integer).as_bytes();
    out.extend_from_slice(digits);
    Ok(digits.len() as u32)
}
