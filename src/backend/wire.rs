//! Sending on a connection: what is handed over goes out in order, what comes back is awaited.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, Value};

/// How many pipelines may be under way at once.
pub const MAX_UNDER_WAY: usize = 64;

/// The way to send on a connection; of no more use once the connection is dropped.
#[derive(Clone)]
pub struct Wire(pub(super) MultiplexedConnection);

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
