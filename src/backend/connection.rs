//! One connection to a Redis server: opening it, logging in, sending pipelines.

use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, Pipeline, RedisConnectionInfo, RedisError, RedisResult,
    Value,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::stream;
use super::tls::Tls;
use super::traffic::{Counted, Traffic};
use crate::error::{Error, reply_text};
use crate::options::{Address, Family, Names, Settings};

/// How many pipelines may be under way at once.
pub const MAX_UNDER_WAY: usize = 64;

/// How connections are named in the server's `CLIENT LIST`.
const CLIENT_NAME: &str = "js-redis-key-store";

/// A connection that is logged in. Dropping it closes it.
pub struct Connection {
    wire: Wire,
    driver: JoinHandle<()>,
}

/// The way to send on a connection; of no more use once the connection is dropped.
#[derive(Clone)]
pub struct Wire(MultiplexedConnection);

/// One server, and how to log in there.
pub struct Target<'a> {
    /// Where it is.
    pub place: Place<'a>,
    /// How it is named in messages.
    pub server: Arc<str>,
    /// TLS, none when `None`.
    pub tls: Option<&'a Tls>,
    /// The ACL user.
    pub username: Option<&'a str>,
    /// The password.
    pub password: Option<&'a str>,
    /// The database.
    pub db: i64,
    /// The database to go to when the server does not have `db`.
    pub fallback_db: Option<i64>,
    /// The names of commands.
    pub names: &'a Names,
    /// How long connecting and logging in may take.
    pub connect_timeout: Duration,
    /// Counts the bytes.
    pub traffic: &'a Arc<Traffic>,
}

/// Where one server is.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// A TCP port, of one IP version when it is given.
    Tcp(&'a Address, Option<Family>),
    /// A Unix domain socket.
    Unix(&'a Path),
}

impl<'a> Target<'a> {
    /// A server that the settings' login is for.
    pub fn of(
        settings: &'a Settings,
        place: Place<'a>,
        server: Arc<str>,
        traffic: &'a Arc<Traffic>,
    ) -> Target<'a> {
        Target {
            place,
            server,
            tls: settings.tls.as_ref(),
            username: settings.username.as_deref(),
            password: settings.password.as_deref(),
            db: settings.db,
            fallback_db: settings.fallback_db,
            names: &settings.names,
            connect_timeout: settings.connect_timeout,
            traffic,
        }
    }
}

/// Why there is no connection.
pub struct Refusal {
    /// The reason.
    pub error: Error,
    /// Whether trying again with the same settings is of no use.
    pub is_final: bool,
}

impl Refusal {
    /// Trying again may help.
    pub fn passing(error: Error) -> Refusal {
        Refusal {
            error,
            is_final: false,
        }
    }

    /// Trying again is of no use.
    pub fn lasting(error: Error) -> Refusal {
        Refusal {
            error,
            is_final: true,
        }
    }
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
            let reason: Arc<str> = format!("nothing came back within {} ms", millis(target)).into();
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

impl Wire {
    /// Sends a command after all that were sent before.
    pub fn send_one(&self, command: Cmd) -> Sent<Value> {
        let mut redis = self.0.clone();
        Sent::start(async move { redis.send_packed_command(&command).await })
    }

    /// Sends a pipeline after all that were sent before. At most [`MAX_UNDER_WAY`] may wait.
    ///
    /// Yields one value a command, an error reply as [`Value::ServerError`]; fails when the
    /// connection is lost.
    pub fn send(&self, pipeline: Pipeline) -> Replies {
        let mut redis = self.0.clone();
        let commands = pipeline.len();
        Sent::start(async move { redis.send_packed_commands(&pipeline, 0, commands).await })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What was sent, until it is answered.
pub enum Sent<T> {
    /// The connection was lost already.
    Early(Option<RedisResult<T>>),
    /// Still to come.
    Awaited(Pin<Box<dyn Future<Output = RedisResult<T>> + Send>>),
}

/// The replies of one pipeline, on their way.
pub type Replies = Sent<Vec<Value>>;

impl<T> Sent<T> {
    /// Starts `sending` at once: what it hands over before it first waits goes out now.
    pub fn start(sending: impl Future<Output = RedisResult<T>> + Send + 'static) -> Sent<T> {
        // Unconstrained: the first poll must hand the bytes over, whatever tokio's budget says,
        // or what is sent later could overtake this.
        let mut sending = Box::pin(tokio::task::unconstrained(sending));
        let mut first = Context::from_waker(Waker::noop());
        match sending.as_mut().poll(&mut first) {
            Poll::Ready(result) => Sent::Early(Some(result)),
            Poll::Pending => Sent::Awaited(sending),
        }
    }
}

impl<T: Unpin> Future for Sent<T> {
    type Output = RedisResult<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Sent::Early(result) => result.take().map_or(Poll::Pending, Poll::Ready),
            Sent::Awaited(sending) => sending.as_mut().poll(context),
        }
    }
}

fn millis(target: &Target<'_>) -> u128 {
    target.connect_timeout.as_millis()
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
