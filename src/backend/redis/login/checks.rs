//! Which replies to a login say that the connection is of no use.

use std::sync::Arc;

use redis::Value;

use crate::backend::ConnectError;
use crate::error::{Error, reply_text};

/// Whether the password was taken.
pub(super) fn check_auth(server: &Arc<str>, reply: &Value) -> Result<(), ConnectError> {
    let Value::ServerError(error) = reply else {
        return Ok(());
    };
    let detail = error.details().unwrap_or_default();
    // The server wants no password: the redis clients warn and go on.
    if detail.contains("no password is set") || detail.contains("without any password configured") {
        return Ok(());
    }
    Err(ConnectError::lasting(Error::Auth {
        server: server.clone(),
        reply: reply_text(error),
    }))
}

/// Whether the server serves. A user who may not `PING` or `CLIENT`, or a server without, is fine.
pub(super) fn check_service(server: &Arc<str>, reply: &Value) -> Result<(), ConnectError> {
    if let Value::ServerError(error) = reply
        && let error @ Error::Auth { .. } = Error::from_reply(server, error)
    {
        return Err(ConnectError::lasting(error));
    }
    Ok(())
}

/// Whether it is a server that will serve later.
pub(super) fn check_time(server: &Arc<str>, reply: &Value) -> Result<(), ConnectError> {
    if let Value::ServerError(error) = reply
        && let error = Error::from_reply(server, error)
        && error.is_transient()
    {
        return Err(ConnectError::transient(error));
    }
    Ok(())
}
