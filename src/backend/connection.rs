//! One connection to a Redis server: opening it, logging in, sending pipelines.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, Pipeline, RedisConnectionInfo, RedisError, RedisResult,
    Value,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::stream;
use super::traffic::{Counted, Traffic};
use crate::error::{Error, reply_text};
use crate::options::{Endpoint, Settings};

/// How connections are named in the server's `CLIENT LIST`.
const CLIENT_NAME: &str = "js-redis-key-store";

/// A connection that is logged in. Dropping it closes it.
pub struct Connection {
    redis: MultiplexedConnection,
    driver: JoinHandle<()>,
}

/// Why there is no connection.
pub struct Refusal {
    /// The reason.
    pub error: Error,
    /// Whether trying again with the same settings is of no use.
    pub is_final: bool,
}

impl Refusal {
    fn passing(error: Error) -> Refusal {
        Refusal {
            error,
            is_final: false,
        }
    }

    fn lasting(error: Error) -> Refusal {
        Refusal {
            error,
            is_final: true,
        }
    }
}

impl Connection {
    /// How many pipelines may be under way at once.
    pub const MAX_UNDER_WAY: usize = 64;

    /// Connects and logs in, within the settings' `connect_timeout`.
    pub async fn open(settings: &Settings, traffic: &Arc<Traffic>) -> Result<Connection, Refusal> {
        let end = Instant::now() + settings.connect_timeout;
        let opening = async {
            let mut connection = Connection::connect(settings, traffic, end)
                .await
                .map_err(Refusal::passing)?;
            connection.log_in(settings).await?;
            Ok(connection)
        };
        // Around all of it: looking up the host's name has no limit of its own.
        timeout_at(end, opening).await.unwrap_or_else(|_| {
            Err(Refusal::passing(Error::Unreachable {
                server: settings.server.clone(),
                reason: silence(settings),
            }))
        })
    }

    async fn connect(
        settings: &Settings,
        traffic: &Arc<Traffic>,
        end: Instant,
    ) -> Result<Connection, Error> {
        let server = &settings.server;
        let unreachable = |error: io::Error| Error::Unreachable {
            server: server.clone(),
            reason: error.to_string().into(),
        };
        match &settings.endpoint {
            Endpoint::Tcp { host, port, family } => {
                let stream = stream::tcp(host, *port, *family, settings.connect_timeout)
                    .await
                    .map_err(unreachable)?;
                match &settings.tls {
                    None => Connection::over(stream, traffic, server).await,
                    Some(tls) => {
                        let handshake = tls.connector.connect(tls.servername.clone(), stream);
                        let reason = match timeout_at(end, handshake).await {
                            Ok(Ok(encrypted)) => {
                                return Connection::over(encrypted, traffic, server).await;
                            }
                            Ok(Err(error)) => error.to_string().into(),
                            Err(_) => silence(settings),
                        };
                        Err(Error::Tls {
                            server: server.clone(),
                            reason,
                        })
                    }
                }
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path)
                    .await
                    .map_err(unreachable)?;
                Connection::over(stream, traffic, server).await
            }
            #[cfg(not(unix))]
            Endpoint::Unix(_) => Err(unreachable(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no Unix sockets",
            ))),
        }
    }

    async fn over<S>(
        stream: S,
        traffic: &Arc<Traffic>,
        server: &Arc<str>,
    ) -> Result<Connection, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // The crate's own login is left empty: it fails the connection where `log_in` must not.
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_pipeline_buffer_size(2 * Connection::MAX_UNDER_WAY);
        let stream = Counted::new(stream, traffic.clone());
        let (redis, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(|error| broken(server, &error))?;
        Ok(Connection {
            redis,
            driver: tokio::spawn(driver),
        })
    }

    async fn log_in(&mut self, settings: &Settings) -> Result<(), Refusal> {
        let (names, server) = (&settings.names, &settings.server);
        let mut auth = redis::cmd(&names.auth);
        auth.arg(&settings.username).arg(&settings.password);
        let mut select = redis::cmd(&names.select);
        select.arg(settings.db);
        let mut name = redis::cmd(&names.client);
        name.arg("SETNAME").arg(CLIENT_NAME);

        // One by one, though sent together: a pipeline does not tell of an answer that is no Redis.
        let auth = settings.password.is_some().then(|| self.send_one(auth));
        let select = (settings.db != 0).then(|| self.send_one(select));
        let name = self.send_one(name);
        let ping = self.send_one(redis::cmd(&names.ping));

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
        match selected {
            Value::ServerError(error) if !settings.lenient_db => {
                Err(Refusal::lasting(Error::Database {
                    server: server.clone(),
                    db: settings.db,
                    reply: reply_text(&error),
                }))
            }
            _ => Ok(()),
        }
    }

    fn send_one(&self, command: Cmd) -> Sent<Value> {
        let mut redis = self.redis.clone();
        Sent::start(async move { redis.send_packed_command(&command).await })
    }

    /// Sends a pipeline after all that were sent before. At most [`Self::MAX_UNDER_WAY`] may wait.
    ///
    /// Yields one value a command, an error reply as [`Value::ServerError`]; fails when the
    /// connection is lost.
    pub fn send(&self, pipeline: Pipeline) -> Replies {
        let mut redis = self.redis.clone();
        let commands = pipeline.len();
        Sent::start(async move { redis.send_packed_commands(&pipeline, 0, commands).await })
    }

    /// Closes the connection and returns when that is done, where dropping it is done a little later.
    pub async fn close(mut self) {
        self.driver.abort();
        self.ended().await;
    }

    /// Resolves when the connection is gone.
    pub async fn ended(&mut self) {
        // How the driver ended tells nothing: it returns nothing, and its panic is an end too.
        let _ = (&mut self.driver).await;
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
    fn start(sending: impl Future<Output = RedisResult<T>> + Send + 'static) -> Sent<T> {
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

fn silence(settings: &Settings) -> Arc<str> {
    let waited = settings.connect_timeout.as_millis();
    format!("nothing came back within {waited} ms").into()
}

/// What a lost connection is told as.
pub fn broken(server: &Arc<str>, error: &RedisError) -> Error {
    let (server, reason) = (server.clone(), Arc::from(error.to_string()));
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
