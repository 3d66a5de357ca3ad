//! One connection to a Redis server: opening it, logging in, sending pipelines.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use redis::{ServerError, Value};
use tokio::time::{Instant, timeout_at};

use super::commands::Commands;
use super::dialect::{Feature, Lacks};
use super::fence::Client;
use super::in_turn::in_turn;
use super::kept::Kept;
use super::login::{Greeting, Login, Refusal};
use super::pipeline::{Pipeline, closed};
use super::replies::Reply;
use super::server::Server;
use super::stats::Counted;
use super::stream::{Socket, Stream, encrypt, is_of_tls, look_up};
use crate::backend::ConnectError;
use crate::error::{Error, reply_text};

/// How often a server has to hang up on what it served without, for an outage not to look like that.
const PROOFS: usize = 3;

/// A connection that is logged in. Dropping it closes it.
pub(super) struct Connection {
    /// What goes over it.
    pub pipeline: Pipeline<Counted<Stream>>,
    /// What the server told of itself.
    pub greeting: Greeting,
    /// How the server names it, when that is known.
    client: Option<Client>,
    server: Arc<str>,
    kept: Arc<Kept>,
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
        let late = |_: &_| server.late();
        in_turn(sockets.iter(), end, late, |socket, _| {
            Connection::open_socket(server, socket)
        })
        .await
    }

    /// Connects to a socket. One that hangs up on what it does not know is found out: it serves without
    /// that, and with it, tried again, does not. An outage just then would look alike but for that.
    async fn open_socket(server: &Server<'_>, socket: &Socket) -> Result<Connection, ConnectError> {
        let known = server.dialect.lacks();
        server.check_database(known)?;
        let mut lacks = known;
        let mut connection = loop {
            match Connection::attempt(server, socket, lacks).await {
                Ok(connection) => break connection,
                Err(Refusal {
                    hung_up_on: Some(feature),
                    ..
                }) if !lacks.has(feature) => lacks = lacks.with(feature),
                Err(refusal) => return Err(refusal.error),
            }
        };
        if lacks == known {
            return Ok(connection);
        }
        for _ in 0..PROOFS {
            match Connection::attempt(server, socket, known).await {
                Ok(connection) => return Ok(connection),
                Err(Refusal {
                    hung_up_on: Some(_),
                    ..
                }) => {}
                // Without proof it is not used: it may have gone without the fence.
                Err(refusal) => return Err(refusal.error),
            }
            let served = Connection::attempt(server, socket, lacks).await;
            connection = served.map_err(|refusal| refusal.error)?;
        }
        server
            .dialect
            .learn_all(lacks.with(Feature::Refusals).with(Feature::Pairs));
        server.check_database(lacks)?;
        Ok(connection)
    }

    async fn attempt(
        server: &Server<'_>,
        socket: &Socket,
        lacks: Lacks,
    ) -> Result<Connection, Refusal> {
        let stream = Stream::connect(socket)
            .await
            .map_err(|error| ConnectError::transient(server.unreachable(&error)))?;
        let address = stream.own_address();
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
            greeting: Greeting::default(),
            client: None,
            server: server.name.clone(),
            kept: server.kept.clone(),
        };
        let login = Login::new(server, lacks);
        connection.pipeline.send(login.commands());
        let mut read = match connection.replies().await {
            Ok(replies) => login.read(replies)?,
            Err(error) => return Err(login.hung_up(&error, connection.pipeline.take_known())),
        };
        connection.client = read.client(address);
        connection.greeting = read.greeting;
        if let Some(rest) = login.rest() {
            connection.pipeline.send(rest);
            let named = connection.replies().await;
            named.map_err(|error| login.suspect(&error, Some(Feature::Name)))?;
        }
        if let Some(reply) = read.no_database {
            connection.fall_back(server, &reply).await?;
        }
        Ok(connection)
    }

    /// Goes where the redis clients go when the server has no such database.
    async fn fall_back(
        &mut self,
        server: &Server<'_>,
        reply: &ServerError,
    ) -> Result<(), ConnectError> {
        let Some(db) = server.fallback_db else {
            let is_forbidden = reply.code() == "NOPERM";
            return Err(server.no_database(reply_text(reply), is_forbidden));
        };
        // Refused as well, it stays in the first database, as the clients do.
        let db = db.to_string();
        let selected = self.ask(&server.names.select, &[db.as_bytes()]).await;
        selected.map_err(|error| ConnectError::transient(broken(&server.name, &error)))?;
        Ok(())
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

/// What it still owes may be carried out: it is ended before anything goes over the next one.
impl Drop for Connection {
    fn drop(&mut self) {
        if self.pipeline.owes()
            && let Some(client) = self.client.take()
        {
            self.kept.predecessors.keep(&self.server, client);
        }
    }
}
