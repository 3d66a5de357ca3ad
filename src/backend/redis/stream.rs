//! The byte stream to a server: TCP, TLS over TCP, or a Unix socket.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::client::TlsStream;

use super::server::Place;
use crate::settings::{Address, Family, Tls};

/// After this much silence the kernel asks whether the peer is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// After this long without an acknowledgement of what was sent, the kernel gives the peer up.
#[cfg(any(target_os = "linux", target_os = "android"))]
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// A stream of any kind.
pub(super) enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// Where a stream may go.
#[derive(Clone)]
pub(super) enum Socket {
    /// An IP address and port.
    Tcp(SocketAddr),
    /// The path of a Unix domain socket.
    Unix(PathBuf),
}

/// Where to connect to for a place, at least one socket.
pub(super) async fn look_up(place: Place<'_>) -> io::Result<Vec<Socket>> {
    let (address, family) = match place {
        Place::Tcp(address, family) => (address, family),
        Place::Unix(path) => return Ok(vec![Socket::Unix(path.to_owned())]),
    };
    let found: Vec<Socket> = resolve(address)
        .await?
        .into_iter()
        .filter(|candidate| match family {
            Some(Family::V4) => candidate.is_ipv4(),
            Some(Family::V6) => candidate.is_ipv6(),
            None => true,
        })
        .map(Socket::Tcp)
        .collect();
    if found.is_empty() {
        let reason = "the host name has no address of the wanted IP family";
        return Err(io::Error::new(io::ErrorKind::NotFound, reason));
    }
    Ok(found)
}

/// The addresses of a host. The system is asked on a thread of its own: the runtime's pool of them
/// panics when it cannot start one.
async fn resolve(address: &Address) -> io::Result<Vec<SocketAddr>> {
    let host = without_zone(&address.host);
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let (host, port) = (host.to_owned(), address.port);
    let (sender, found) = oneshot::channel();
    let look_up = move || {
        let found = (host.as_str(), port).to_socket_addrs();
        // Nobody waits any more when it took too long.
        let _ = sender.send(found.map(Iterator::collect));
    };
    let name = concat!(env!("CARGO_PKG_NAME"), "-look-up");
    let started = thread::Builder::new().name(name.to_owned()).spawn(look_up);
    started.map_err(|error| {
        let reason = format!("no thread can be started to look up its name ({error})");
        io::Error::new(io::ErrorKind::OutOfMemory, reason)
    })?;
    found.await.map_err(io::Error::other)?
}

/// A host without the zone of an address that needs none, as `::1%lo`: resolvers refuse it.
fn without_zone(host: &str) -> &str {
    let needs_none = |address: Ipv6Addr| !address.is_unicast_link_local();
    match host.split_once('%') {
        Some((address, _)) if address.parse().is_ok_and(needs_none) => address,
        _ => host,
    }
}

impl Stream {
    /// Connects.
    pub(super) async fn connect(socket: &Socket) -> io::Result<Stream> {
        match socket {
            Socket::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                tune(&stream);
                Ok(Stream::Tcp(stream))
            }
            #[cfg(unix)]
            Socket::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await?;
                Ok(Stream::Unix(stream))
            }
            #[cfg(not(unix))]
            Socket::Unix(_) => {
                let reason = "this system has no Unix sockets";
                Err(io::Error::new(io::ErrorKind::Unsupported, reason))
            }
        }
    }
}

impl Stream {
    /// The address of this end as Redis writes it, unless something between the two changes that. A Unix
    /// socket's is that of the other end.
    pub(super) fn own_address(&self) -> Option<String> {
        match self {
            Stream::Tcp(stream) => Some(stream.local_addr().ok()?.to_string()),
            #[cfg(unix)]
            Stream::Unix(stream) => {
                let address = stream.peer_addr().ok()?;
                Some(format!("{}:0", address.as_pathname()?.display()))
            }
            Stream::Tls(_) => None,
        }
    }
}

/// Encrypts a stream to `host`.
pub(super) async fn encrypt(stream: TcpStream, tls: &Tls, host: &str) -> io::Result<Stream> {
    let name = tls.name_of(host).map_err(io::Error::other)?;
    let encrypted = tls.connector().connect(name, stream).await?;
    Ok(Stream::Tls(Box::new(encrypted)))
}

/// Whether a stream failed for its encryption, not for what it carries.
pub(super) fn is_of_tls(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.is::<tokio_rustls::rustls::Error>())
}

/// Sets what makes a connection quick and its end noticed. A system that lacks an option does without.
fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    // What a connection that is given up has not delivered must not arrive any more: it goes again
    // on the next one, and a late first copy would undo what was called after it.
    let _ = socket.set_linger(Some(Duration::ZERO));
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE / 3);
    let _ = socket.set_tcp_keepalive(&keepalive);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_user_timeout(Some(USER_TIMEOUT));
}

/// Runs an expression on whichever stream it is.
macro_rules! on_each {
    ($stream:expr, $own:ident => $run:expr) => {
        match $stream {
            Stream::Tcp($own) => $run,
            Stream::Tls($own) => $run,
            #[cfg(unix)]
            Stream::Unix($own) => $run,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_each!(&mut *self, own => Pin::new(own).poll_read(context, into))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_each!(&mut *self, own => Pin::new(own).poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_each!(&mut *self, own => Pin::new(own).poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_each!(&mut *self, own => Pin::new(own).poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_needs_its_zone_keeps_it() {
        for (host, kept) in [
            ("::1%lo", "::1"),
            ("fd00::2%eth0", "fd00::2"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("::1", "::1"),
            ("host%1", "host%1"),
        ] {
            assert_eq!(without_zone(host), kept);
        }
    }

    #[tokio::test]
    async fn a_stream_sends_at_once_notices_a_dead_peer_and_delivers_nothing_late() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::Tcp(listener.local_addr().unwrap());
        let Stream::Tcp(stream) = Stream::connect(&socket).await.unwrap() else {
            panic!("another kind of stream");
        };
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.linger().unwrap(), Some(Duration::ZERO));
        #[cfg(target_os = "linux")]
        {
            assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE);
            assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        }
    }
}
