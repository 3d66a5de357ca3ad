//! Bytes as text, for cursors.

/// The text of some bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of such a text; `None` when it is none.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let is_text = text.is_ascii() && text.len().is_multiple_of(2);
    let starts = is_text.then(|| (0..text.len()).step_by(2))?;
    starts
        .map(|start| u8::from_str_radix(&text[start..start + 2], 16).ok())
        .collect()
}
