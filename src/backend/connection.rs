//! One connection to a Redis server: opening it, logging in, sending pipelines.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, ErrorKind, Pipeline, RedisConnectionInfo, RedisError, RedisResult, Value,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::stream;
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

impl Connection {
    /// How many pipelines may be under way at once.
    pub const MAX_UNDER_WAY: usize = 64;

    /// Connects and logs in, within the settings' `connect_timeout`.
    pub async fn open(settings: &Settings) -> Result<Connection, Refusal> {
        let server = || settings.server.clone();
        let opening = async {
            let mut connection = Connection::connect(settings).await.map_err(|error| Refusal {
                error,
                is_final: false,
            })?;
            connection.log_in(settings).await?;
            Ok(connection)
        };
        timeout(settings.connect_timeout, opening)
            .await
            .unwrap_or_else(|_| {
                let waited = settings.connect_timeout.as_millis();
                Err(Refusal {
                    error: Error::Unreachable {
                        server: server(),
                        reason: format!("nothing came back within {waited} ms").into(),
                    },
                    is_final: false,
                })
            })
    }

    async fn connect(settings: &Settings) -> Result<Connection, Error> {
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
                    None => Connection::over(stream, server).await,
                    Some(tls) => {
                        let encrypted = tls
                            .connector
                            .connect(tls.servername.clone(), stream)
                            .await
                            .map_err(|error| Error::Tls {
                                server: server.clone(),
                                reason: error.to_string().into(),
                            })?;
                        Connection::over(encrypted, server).await
                    }
                }
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path)
                    .await
                    .map_err(unreachable)?;
                Connection::over(stream, server).await
            }
            #[cfg(not(unix))]
            Endpoint::Unix(_) => Err(unreachable(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no Unix sockets",
            ))),
        }
    }

    async fn over<S>(stream: S, server: &Arc<str>) -> Result<Connection, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // The crate's own login is left empty: it fails the connection where `log_in` must not.
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_pipeline_buffer_size(2 * Connection::MAX_UNDER_WAY);
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
        let mut pipeline = redis::pipe();
        if let Some(password) = &settings.password {
            let auth = pipeline.cmd(&names.auth);
            if let Some(username) = &settings.username {
                auth.arg(username);
            }
            auth.arg(password);
        }
        if settings.db != 0 {
            pipeline.cmd(&names.select).arg(settings.db);
        }
        pipeline
            .cmd(&names.client)
            .arg("SETNAME")
            .arg(CLIENT_NAME)
            .cmd(&names.ping);
        let replies = self.send(pipeline).await.map_err(|error| Refusal {
            error: broken(server, &error),
            is_final: false,
        })?;

        let mut replies = replies.into_iter();
        let mut select = None;
        if settings.password.is_some() {
            check_auth(server, replies.next())?;
        }
        if settings.db != 0 {
            select = replies.next();
        }
        check_ping(server, replies.nth(1))?;
        match select {
            Some(Value::ServerError(error)) if !settings.lenient_db => Err(Refusal {
                error: Error::Database {
                    server: server.clone(),
                    db: settings.db,
                    reply: reply_text(&error),
                },
                is_final: true,
            }),
            _ => Ok(()),
        }
    }

    /// Sends a pipeline after all that were sent before. At most [`Self::MAX_UNDER_WAY`] may wait.
    ///
    /// Yields one value a command, an error reply as [`Value::ServerError`]; fails when the
    /// connection is lost.
    pub fn send(&mut self, pipeline: Pipeline) -> Replies {
        let mut redis = self.redis.clone();
        let commands = pipeline.len();
        // Unconstrained: the first poll must hand the bytes over, whatever tokio's budget says,
        // or a later pipeline could overtake this one.
        let mut future = Box::pin(tokio::task::unconstrained(async move {
            redis.send_packed_commands(&pipeline, 0, commands).await
        }));
        let mut first = Context::from_waker(Waker::noop());
        match future.as_mut().poll(&mut first) {
            Poll::Ready(result) => Replies::Early(Some(result)),
            Poll::Pending => Replies::Awaited(future),
        }
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

/// The replies of one pipeline, on their way.
pub enum Replies {
    /// The connection was lost already.
    Early(Option<RedisResult<Vec<Value>>>),
    /// Still to come.
    Awaited(Pin<Box<dyn Future<Output = RedisResult<Vec<Value>>> + Send>>),
}

impl Future for Replies {
    type Output = RedisResult<Vec<Value>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Replies::Early(result) => result.take().map_or(Poll::Pending, Poll::Ready),
            Replies::Awaited(future) => future.as_mut().poll(context),
        }
    }
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

fn check_auth(server: &Arc<str>, reply: Option<Value>) -> Result<(), Refusal> {
    let Some(Value::ServerError(error)) = reply else {
        return Ok(());
    };
    let detail = error.details().unwrap_or_default();
    // The server wants no password: the redis clients warn and go on.
    if detail.contains("no password is set") || detail.contains("without any password configured") {
        return Ok(());
    }
    Err(transient(server, &error).unwrap_or_else(|| Refusal {
        error: Error::Auth {
            server: server.clone(),
            reply: reply_text(&error),
        },
        is_final: true,
    }))
}

/// Whether the server serves. A user who may not `PING`, or a server without it, is fine.
fn check_ping(server: &Arc<str>, reply: Option<Value>) -> Result<(), Refusal> {
    match reply {
        Some(Value::ServerError(error)) => {
            if let Some(refusal) = transient(server, &error) {
                return Err(refusal);
            }
            match Error::from_reply(server, &error) {
                error @ Error::Auth { .. } => Err(Refusal {
                    error,
                    is_final: true,
                }),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Replies of a server that will serve later.
fn transient(server: &Arc<str>, error: &redis::ServerError) -> Option<Refusal> {
    let detail = error.details().unwrap_or_default();
    let passes = matches!(error.code(), "LOADING" | "MASTERDOWN" | "BUSY")
        || detail.contains("max number of clients");
    passes.then(|| Refusal {
        error: Error::Unreachable {
            server: server.clone(),
            reason: reply_text(error),
        },
        is_final: false,
    })
}
