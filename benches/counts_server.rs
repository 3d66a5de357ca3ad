//! The server of `counts.rs`, which knows its replies beforehand.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

/// Lets one client log in and gives each of its calls the same reply; `batch` come at most at a time.
pub async fn serve(listener: UnixListener, reply: &[u8], batch: usize) -> io::Result<()> {
    let (mut client, _) = listener.accept().await?;
    let mut input = vec![0; 256 * 1024];
    let _login = client.read(&mut input).await?;
    client
        .write_all(b"*0\r\n$0\r\n\r\n$0\r\n\r\n+PONG\r\n")
        .await?;
    // The first call comes alone, and all are of one length.
    let length = client.read(&mut input).await?;
    client.write_all(reply).await?;
    let replies = reply.repeat(batch);
    let mut owed = 0;
    loop {
        owed += client.read(&mut input).await?;
        let calls = owed / length;
        owed %= length;
        client.write_all(&replies[..calls * reply.len()]).await?;
    }
}
