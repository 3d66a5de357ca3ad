//! One connection to a Redis server: opening it, logging in, sending pipelines.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use redis::Value;
use tokio::time::{Instant, timeout_at};

use super::commands::Commands;
use super::eviction;
use super::fence::Client;
use super::in_turn::in_turn;
use super::pipeline::{Known, Pipeline, closed};
use super::replies::Reply;
use super::server::Server;
use super::stats::Counted;
use super::stream::{Socket, Stream, encrypt, is_of_tls, look_up};
use crate::backend::ConnectError;
use crate::error::{Error, reply_text};

/// How connections are named in the server's `CLIENT LIST`.
const CLIENT_NAME: &str = env!("CARGO_PKG_NAME");

/// A connection that is logged in. Dropping it closes it.
pub(super) struct Connection {
    /// What goes over it.
    pub pipeline: Pipeline<Counted<Stream>>,
}

impl Connection {
    /// Connects and logs in by `end`: where a host has several addresses, to the first that serves.
    pub(super) async fn open(
        server: &Server<'_>,
        end: Instant,
    ) -> Result<Connection, ConnectError> {
        let sockets = timeout_at(end, look_up(server.place)).await;
        let sockets = sockets
            .map_err(|_| ConnectError::transient(server.late()))?
            .map_err(|error| ConnectError::transient(server.unreachable(&error)))?;
        let mut connection = Connection::open_one(server, &sockets, end).await?;
        if eviction::ask(&mut connection, server).await.is_err() {
            connection = Connection::open_one(server, &sockets, end).await?;
        }
        Ok(connection)
    }

    async fn open_one(
        server: &Server<'_>,
        sockets: &[Socket],
        end: Instant,
    ) -> Result<Connection, ConnectError> {
        let late = |_: &_| server.late();
        in_turn(sockets.iter(), end, late, |socket, _| {
            Connection::open_socket(server, socket)
        })
        .await
    }

    async fn open_socket(server: &Server<'_>, socket: &Socket) -> Result<Connection, ConnectError> {
        let stream = Stream::connect(socket)
            .await
            .map_err(|error| ConnectError::transient(server.unreachable(&error)))?;
        let stream = match (server.tls, stream) {
            (Some(tls), Stream::Tcp(stream)) => encrypt(stream, tls, server.place.host())
                .await
                .map_err(|error| {
                    let (server, reason) = (server.name.clone(), error.to_string().into());
                    ConnectError::transient(Error::Tls { server, reason })
                })?,
            (_, stream) => stream,
        };
        let counted = Counted::new(stream, server.kept.stats.clone());
        let mut connection = Connection {
            pipeline: Pipeline::new(counted, server.response_timeout),
        };
        connection.log_in(server).await?;
        Ok(connection)
    }

    async fn log_in(&mut self, server: &Server<'_>) -> Result<(), ConnectError> {
        let (names, name) = (server.names, &server.name);
        let mut login = Commands::default();
        if let Some(password) = server.password {
            let user = server.username.into_iter();
            let words: Vec<&str> = user.chain([password]).collect();
            login.add(&names.auth, &words);
        }
        let db = server.db.to_string();
        if server.db != 0 {
            login.add(&names.select, &[&db]);
        }
        login.add(&names.client, &["SETNAME", CLIENT_NAME]);
        login.add(&names.client, &["INFO"]);
        // What the network still holds of the last connection must not arrive after what goes over
        // this one: it goes again here, and a late first copy would undo what was called after it.
        let last = server.kept.predecessors.of(name);
        if let Some(Client { id, address }) = &last {
            login.add(&names.client, &["KILL", "ID", id, "ADDR", address]);
        }
        login.add::<&str>(&names.ping, &[]);

        self.pipeline.send(login);
        let replies = match self.replies().await {
            Ok(replies) => replies,
            Err(error) => return Err(self.hung_up(server, &error)),
        };
        let mut replies = replies.into_iter().map(Reply::into_value);
        let mut reply = || replies.next().unwrap_or(Value::Nil);
        if server.password.is_some() {
            check_auth(name, &reply())?;
        }
        let selected = match server.db {
            0 => Value::Okay,
            _ => reply(),
        };
        check_service(name, &reply())?;
        let named = match reply() {
            Value::BulkString(info) => Client::parse(&String::from_utf8_lossy(&info)),
            // A name before 6.2, or a user who may not ask.
            _ => None,
        };
        server.kept.predecessors.keep(name, named);
        if last.is_some() {
            // It is gone, or this user may not end it.
            reply();
        }
        check_service(name, &reply())?;
        let Value::ServerError(error) = selected else {
            return Ok(());
        };
        match server.fallback_db {
            Some(db) => {
                // Refused as well, it stays in the first database, as the clients do.
                let db = db.to_string();
                let selected = self.ask(&names.select, &[db.as_bytes()]).await;
                selected.map_err(|error| ConnectError::transient(broken(name, &error)))?;
                Ok(())
            }
            None => Err(ConnectError::lasting(Error::Database {
                server: name.clone(),
                db: server.db,
                reply: reply_text(&error),
            })),
        }
    }

    /// Why a name hung up during the login: one that has no room for a client, or wants none from
    /// this machine, says so first.
    fn hung_up(&mut self, server: &Server<'_>, error: &io::Error) -> ConnectError {
        let name = &server.name;
        let said = self.pipeline.take_known().find_map(|known| match known {
            Known::Replies(replies) => replies.into_iter().next(),
            Known::Unsent => None,
        });
        let refused = said.and_then(|reply| {
            let reply = reply.into_value();
            let checked = match server.password {
                Some(_) => check_auth(name, &reply),
                None => check_service(name, &reply),
            };
            checked.err()
        });
        refused.unwrap_or_else(|| ConnectError::transient(broken(name, error)))
    }

    /// The replies to the first sending in flight.
    async fn replies(&mut self) -> io::Result<Vec<Reply>> {
        poll_fn(|context| self.pipeline.poll(context)).await
    }

    /// Sends a command, while nothing else is in flight, and gives its reply.
    pub(super) async fn ask(&mut self, name: &str, arguments: &[&[u8]]) -> io::Result<Value> {
        self.pipeline.send(Commands::one(name, arguments));
        let reply = self.replies().await?.into_iter().next();
        reply.map(Reply::into_value).ok_or_else(closed)
    }
}

/// What a lost connection is told as.
pub(super) fn broken(server: &Arc<str>, error: &io::Error) -> Error {
    let (server, reason) = (server.clone(), error.to_string().into());
    // With TLS 1.3 a server tells only after the handshake that it wants a certificate.
    if is_of_tls(error) {
        return Error::Tls { server, reason };
    }
    match error.kind() {
        io::ErrorKind::InvalidData => Error::Protocol { server, reason },
        _ => Error::Unreachable { server, reason },
    }
}

fn check_auth(server: &Arc<str>, reply: &Value) -> Result<(), ConnectError> {
    let Value::ServerError(error) = reply else {
        return Ok(());
    };
    let detail = error.details().unwrap_or_default();
    // The server wants no password: the redis clients warn and go on.
    if detail.contains("no password is set") || detail.contains("without any password configured") {
        return Ok(());
    }
    Err(passing(server, error).unwrap_or_else(|| {
        ConnectError::lasting(Error::Auth {
            server: server.clone(),
            reply: reply_text(error),
        })
    }))
}

/// Whether the server serves. A user who may not `PING` or `CLIENT`, or a server without, is fine.
fn check_service(server: &Arc<str>, reply: &Value) -> Result<(), ConnectError> {
    let Value::ServerError(error) = reply else {
        return Ok(());
    };
    if let Some(refusal) = passing(server, error) {
        return Err(refusal);
    }
    match Error::from_reply(server, error) {
        error @ Error::Auth { .. } => Err(ConnectError::lasting(error)),
        _ => Ok(()),
    }
}

/// Replies of a server that will serve later.
fn passing(server: &Arc<str>, error: &redis::ServerError) -> Option<ConnectError> {
    let error = Error::from_reply(server, error);
    error.is_transient().then(|| ConnectError::transient(error))
}
