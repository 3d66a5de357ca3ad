//! The text of arguments, as a template literal has it.

use std::ptr;

use napi::{Result, check_status, sys};

use crate::engine::Lengths;

/// The text that a plain object turns into.
const PLAIN_OBJECT: &[u8] = b"[object Object]";

/// An argument turned into a string handle.
#[derive(Clone, Copy)]
pub struct Text(sys::napi_value);

impl Text {
    /// The UTF-8, empty when it cannot be read.
    pub fn bytes(self, env: sys::napi_env) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = read(env, self, &mut bytes);
        bytes
    }
}

/// Why a call's arguments were not written.
#[derive(Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// An id is empty.
    NoId,
    /// A string could not be read, or its length does not fit.
    Unreadable,
}

/// The text of any value. Fails with a pending exception when its conversion throws.
pub fn of_any(env: sys::napi_env, value: sys::napi_value) -> Result<Text> {
    if type_of(env, value)? == sys::ValueType::napi_string {
        return Ok(Text(value));
    }
    let mut text = ptr::null_mut();
    // SAFETY: `value` is a live handle of `env`, the current environment.
    check_status!(unsafe { sys::napi_coerce_to_string(env, value, &mut text) })?;
    Ok(Text(text))
}

/// The text of an id; `None` for a value that is none. Empty text shows when it is written.
pub fn of_id(env: sys::napi_env, value: sys::napi_value) -> Result<Option<Text>> {
    match type_of(env, value)? {
        sys::ValueType::napi_string => Ok(Some(Text(value))),
        sys::ValueType::napi_undefined
        | sys::ValueType::napi_null
        | sys::ValueType::napi_function => Ok(None),
        sys::ValueType::napi_number => {
            let mut number = 0.0;
            // SAFETY: `value` is a live handle to a number.
            check_status!(unsafe { sys::napi_get_value_double(env, value, &mut number) })?;
            (!number.is_nan()).then(|| of_any(env, value)).transpose()
        }
        sys::ValueType::napi_object => of_object(env, value),
        _ => of_any(env, value).map(Some),
    }
}

fn of_object(env: sys::napi_env, value: sys::napi_value) -> Result<Option<Text>> {
    let mut is_array = false;
    // SAFETY: `value` is a live handle of `env`.
    check_status!(unsafe { sys::napi_is_array(env, value, &mut is_array) })?;
    if is_array {
        return Ok(None);
    }
    let text = of_any(env, value)?;
    Ok((text.bytes(env) != PLAIN_OBJECT).then_some(text))
}

/// Appends prefix, integration id and ids to `out`, and tells their lengths.
pub fn write(
    env: sys::napi_env,
    prefix: &[u8],
    integration: Text,
    ids: [Option<Text>; 2],
    out: &mut Vec<u8>,
) -> std::result::Result<Lengths, Unwritten> {
    out.extend_from_slice(prefix);
    let mut append = |text| read(env, text, out).map_err(|_| Unwritten::Unreadable);
    let mut lengths = Lengths {
        prefix: prefix.len() as u32,
        ..Lengths::default()
    };
    lengths.integration = append(integration)?;
    for (text, length) in ids
        .into_iter()
        .zip([&mut lengths.first, &mut lengths.second])
    {
        if let Some(text) = text {
            *length = append(text)?;
            if *length == 0 {
                return Err(Unwritten::NoId);
            }
        }
    }
    Ok(lengths)
}

/// Appends the UTF-8 of a string to `out`: its length in bytes. A lone surrogate becomes U+FFFD.
fn read(env: sys::napi_env, text: Text, out: &mut Vec<u8>) -> Result<u32> {
    // Ids are short: one guess saves asking for the length first.
    let mut room = 128;
    loop {
        out.reserve(room);
        let spare = out.spare_capacity_mut();
        let mut written = 0;
        // SAFETY: Node writes at most `spare.len()` bytes, its closing NUL included, to the spare
        // room of `out`; `text` is a live string handle of `env`.
        check_status!(unsafe {
            sys::napi_get_value_string_utf8(
                env,
                text.0,
                spare.as_mut_ptr().cast(),
                spare.len(),
                &mut written,
            )
        })?;
        // A character takes at most 4 bytes: with as many and the NUL left over, all fitted.
        if written + 4 < spare.len() {
            // SAFETY: `written` bytes after the current length were just initialised.
            unsafe { out.set_len(out.len() + written) };
            return u32::try_from(written).map_err(|_| napi::Error::from_reason("too long"));
        }
        let mut length = 0;
        // SAFETY: without a buffer, only the length is told.
        check_status!(unsafe {
            sys::napi_get_value_string_utf8(env, text.0, ptr::null_mut(), 0, &mut length)
        })?;
        room = length + 8;
    }
}

fn type_of(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_valuetype> {
    let mut kind = 0;
    // SAFETY: `value` is a live handle of `env`.
    check_status!(unsafe { sys::napi_typeof(env, value, &mut kind) })?;
    Ok(kind)
}
