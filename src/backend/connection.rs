//! One connection to a Redis server: opening it, logging in, sending pipelines.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use redis::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::last::Named;
use super::stream;
use super::target::{Place, Refusal, Target};
use super::traffic::Counted;
use super::wire::{Driver, Wire};
use crate::error::{Error, reply_text};
use crate::resp::{Commands, Reply};

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
                    return Ok(Connection::over(stream, target));
                };
                let encrypted = tls.connect(&address.host, stream).await;
                let encrypted = encrypted.map_err(|error| Error::Tls {
                    server: server.clone(),
                    reason: error.to_string().into(),
                })?;
                Ok(Connection::over(encrypted, target))
            }
            #[cfg(unix)]
            Place::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path)
                    .await
                    .map_err(unreachable)?;
                Ok(Connection::over(stream, target))
            }
            #[cfg(not(unix))]
            Place::Unix(_) => Err(unreachable(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no Unix sockets",
            ))),
        }
    }

    fn over<S>(stream: S, target: &Target<'_>) -> Connection
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (wire, driver) = Driver::new(Counted::new(stream, target.traffic.clone()));
        Connection {
            wire,
            driver: tokio::spawn(driver),
        }
    }

    async fn log_in(&self, target: &Target<'_>) -> Result<(), Refusal> {
        let (names, server) = (target.names, &target.server);
        let mut login = Commands::default();
        if let Some(password) = target.password {
            let user = target.username.into_iter();
            let words: Vec<&str> = user.chain([password]).collect();
            login.add(&names.auth, &words);
        }
        let db = target.db.to_string();
        if target.db != 0 {
            login.add(&names.select, &[&db]);
        }
        login.add(&names.client, &["SETNAME", CLIENT_NAME]);
        login.add(&names.client, &["INFO"]);
        // What the network still holds of the last connection must not arrive after what goes over
        // this one: it goes again here, and a late first copy would undo what was called after it.
        let last = target.traffic.last.of(server);
        if let Some(Named { id, address }) = &last {
            login.add(&names.client, &["KILL", "ID", id, "ADDR", address]);
        }
        login.add::<&str>(&names.ping, &[]);

        let passing = |error: io::Error| Refusal::passing(broken(server, &error));
        let replies = self.wire.send(login).await.map_err(passing)?;
        let mut replies = replies.into_iter().map(Reply::into_value);
        let mut reply = || replies.next().unwrap_or(Value::Nil);
        if target.password.is_some() {
            check_auth(server, &reply())?;
        }
        let selected = match target.db {
            0 => Value::Okay,
            _ => reply(),
        };
        // Both: a server that has no room for one more client says so once and hangs up.
        check_service(server, &reply())?;
        let named = match reply() {
            Value::BulkString(info) => Named::parse(&String::from_utf8_lossy(&info)),
            // A server before 6.2, or a user who may not ask.
            _ => None,
        };
        target.traffic.last.keep(server, named);
        if last.is_some() {
            // It is gone, or this user may not end it.
            reply();
        }
        check_service(server, &reply())?;
        let Value::ServerError(error) = selected else {
            return Ok(());
        };
        match target.fallback_db {
            Some(db) => {
                // Refused as well, it stays in the first database, as the clients do.
                let db = db.to_string();
                let selected = self.wire.ask(&names.select, &[db.as_bytes()]).await;
                selected.map_err(passing)?;
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
pub fn broken(server: &Arc<str>, error: &io::Error) -> Error {
    let (server, reason) = (server.clone(), error.to_string().into());
    match error.kind() {
        io::ErrorKind::InvalidData => Error::Protocol { server, reason },
        _ => Error::Unreachable { server, reason },
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
