//! One connection to a Redis server: opening it, logging in, sending pipelines.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisError, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::stream;
use super::target::{Place, Refusal, Target};
use super::traffic::Counted;
use super::wire::{MAX_UNDER_WAY, Wire};
use crate::error::{Error, reply_text};

/// How connections are named in the server's `CLIENT LIST`.
const CLIENT_NAME: &str = "js-redis-key-store";

/// A connection that is logged in. Dropping it closes it.
pub struct Connection {
    wire: Wire,
    driver: JoinHandle<()>,
}

impl Connection {
    /// Connects and logs in by `end`.
    pub async fn open(target: &Target<'_>, end: Instant) -> Result<Connection, Refusal> {
        let opening = async {
            let connection = Connection::connect(target)
                .await
                .map_err(Refusal::passing)?;
            connection.log_in(target).await.map(|()| connection)
        };
        timeout_at(end, opening).await.unwrap_or_else(|_| {
            let server = target.server.clone();
            let waited = target.connect_timeout.as_millis();
            let reason: Arc<str> = format!("nothing came back within {waited} ms").into();
            // Servers without TLS often keep silent at a handshake.
            Err(Refusal::passing(match target.tls {
                Some(_) => Error::Tls { server, reason },
                None => Error::Unreachable { server, reason },
            }))
        })
    }

    async fn connect(target: &Target<'_>) -> Result<Connection, Error> {
        let server = &target.server;
        let unreachable = |error: io::Error| Error::Unreachable {
            server: server.clone(),
            reason: error.to_string().into(),
        };
        match target.place {
            Place::Tcp(address, family) => {
                let stream = stream::tcp(address, family, target.connect_timeout)
                    .await
                    .map_err(unreachable)?;
                let Some(tls) = target.tls else {
                    return Connection::over(stream, target).await;
                };
                let encrypted = tls.connect(&address.host, stream).await;
                let encrypted = encrypted.map_err(|error| Error::Tls {
                    server: server.clone(),
                    reason: error.to_string().into(),
                })?;
                Connection::over(encrypted, target).await
            }
            #[cfg(unix)]
            Place::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path)
                    .await
                    .map_err(unreachable)?;
                Connection::over(stream, target).await
            }
            #[cfg(not(unix))]
            Place::Unix(_) => Err(unreachable(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no Unix sockets",
            ))),
        }
    }

    async fn over<S>(stream: S, target: &Target<'_>) -> Result<Connection, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // The crate's own login is left empty: it fails the connection where `log_in` must not.
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_pipeline_buffer_size(2 * MAX_UNDER_WAY);
        let stream = Counted::new(stream, target.traffic.clone());
        let (redis, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(|error| broken(&target.server, &error))?;
        Ok(Connection {
            wire: Wire(redis),
            driver: tokio::spawn(driver),
        })
    }

    async fn log_in(&self, target: &Target<'_>) -> Result<(), Refusal> {
        let (names, server) = (target.names, &target.server);
        let mut auth = redis::cmd(&names.auth);
        auth.arg(target.username).arg(target.password);
        let mut select = redis::cmd(&names.select);
        select.arg(target.db);
        let mut name = redis::cmd(&names.client);
        name.arg("SETNAME").arg(CLIENT_NAME);

        // One by one, though sent together: a pipeline does not tell of an answer that is no Redis.
        let auth = target.password.is_some().then(|| self.wire.send_one(auth));
        let select = (target.db != 0).then(|| self.wire.send_one(select));
        let name = self.wire.send_one(name);
        let ping = self.wire.send_one(redis::cmd(&names.ping));

        let passing = |error: RedisError| Refusal::passing(broken(server, &error));
        if let Some(auth) = auth {
            check_auth(server, &auth.await.map_err(passing)?)?;
        }
        let selected = match select {
            Some(select) => select.await.map_err(passing)?,
            None => Value::Okay,
        };
        // Both: a server that has no room for one more client says so once and hangs up.
        check_service(server, &name.await.map_err(passing)?)?;
        check_service(server, &ping.await.map_err(passing)?)?;
        let Value::ServerError(error) = selected else {
            return Ok(());
        };
        match target.fallback_db {
            Some(db) => {
                let mut select = redis::cmd(&names.select);
                select.arg(db);
                // Refused as well, it stays in the first database, as the clients do.
                self.wire.send_one(select).await.map_err(passing)?;
                Ok(())
            }
            None => Err(Refusal::lasting(Error::Database {
                server: server.clone(),
                db: target.db,
                reply: reply_text(&error),
            })),
        }
    }

    /// The way to send on this connection.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Closes the connection and returns when that is done, where dropping it is done a little later.
    pub async fn close(mut self) {
        self.driver.abort();
        self.ended().await;
    }

    /// Resolves when the connection is gone.
    pub async fn ended(&mut self) {
        poll_fn(|context| self.poll_ended(context)).await;
    }

    /// Whether the connection is gone; not to be asked again once it is.
    pub fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // How the driver ended tells nothing: it returns nothing, and its panic is an end too.
        Pin::new(&mut self.driver).poll(context).map(|_| ())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What a lost connection is told as.
pub fn broken(server: &Arc<str>, error: &RedisError) -> Error {
    // What cannot be parsed is told over several lines.
    let reason = error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let (server, reason) = (server.clone(), reason.into());
    if error.kind() == ErrorKind::Parse {
        Error::Protocol { server, reason }
    } else {
        Error::Unreachable { server, reason }
    }
}

fn check_auth(server: &Arc<str>, reply: &Value) -> Result<(), Refusal> {
    let Value::ServerError(error) = reply else {
        return Ok(());
    };
    let detail = error.details().unwrap_or_default();
    // The server wants no password: the redis clients warn and go on.
    if detail.contains("no password is set") || detail.contains("without any password configured") {
        return Ok(());
    }
    Err(passing(server, error).unwrap_or_else(|| {
        Refusal::lasting(Error::Auth {
            server: server.clone(),
            reply: reply_text(error),
        })
    }))
}

/// Whether the server serves. A user who may not `PING` or `CLIENT`, or a server without, is fine.
fn check_service(server: &Arc<str>, reply: &Value) -> Result<(), Refusal> {
    let Value::ServerError(error) = reply else {
        return Ok(());
    };
    if let Some(refusal) = passing(server, error) {
        return Err(refusal);
    }
    match Error::from_reply(server, error) {
        error @ Error::Auth { .. } => Err(Refusal::lasting(error)),
        _ => Ok(()),
    }
}

/// Replies of a server that will serve later.
fn passing(server: &Arc<str>, error: &redis::ServerError) -> Option<Refusal> {
    let error = Error::from_reply(server, error);
    error.passes().then(|| Refusal::passing(error))
}
