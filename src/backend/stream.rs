//! Opening the byte stream to a server: TCP, TLS over TCP, or a Unix socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::options::{Address, Family};

/// After this much silence the kernel asks whether the peer is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// After this long without an acknowledgement of what was sent, the kernel gives the peer up.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Connects to one of the IP addresses of `address`, trying them in turn within `budget`.
pub async fn tcp(
    address: &Address,
    family: Option<Family>,
    budget: Duration,
) -> io::Result<TcpStream> {
    let candidates: Vec<SocketAddr> = lookup_host((address.host.as_str(), address.port))
        .await?
        .filter(|candidate| match family {
            Some(Family::V4) => candidate.is_ipv4(),
            Some(Family::V6) => candidate.is_ipv6(),
            None => true,
        })
        .collect();
    let mut last = io::Error::new(
        io::ErrorKind::NotFound,
        "the host name has no address of the wanted IP family",
    );
    for candidate in &candidates {
        // A share each, so that one address that swallows packets leaves time for the next.
        match timeout(
            budget / candidates.len() as u32,
            TcpStream::connect(candidate),
        )
        .await
        {
            Ok(Ok(stream)) => {
                tune(&stream)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "connecting timed out"),
        }
    }
    Err(last)
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    // What a connection that is given up has not delivered must not arrive any more: it goes again
    // on the next one, and a late first copy would undo what was called after it.
    socket.set_linger(Some(Duration::ZERO))?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(KEEPALIVE)
            .with_interval(KEEPALIVE / 3),
    )?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_sends_at_once_notices_a_dead_peer_and_delivers_nothing_late() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let stream = runtime.block_on(tcp(&address, None, Duration::from_secs(5)));
        let stream = stream.unwrap();
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
