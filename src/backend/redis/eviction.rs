//! Whether a server may evict pairs, which have no expiry, when its memory is full: then a save that was
//! answered is no promise. Each server is asked once.

use std::io;

use redis::Value;

use super::connection::Connection;
use super::locked::locked;
use super::server::Server;

/// Asks for the policy, while nothing else is in flight. Fails when the server hangs up on that, as some
/// proxies do: it is not asked again. A user with a name may have no right to ask, and each refusal
/// would leave a line in the server's ACL log.
pub(super) async fn ask(connection: &mut Connection, server: &Server<'_>) -> io::Result<()> {
    let evictions = &server.kept.evictions;
    if server.username.is_some() || !locked(&evictions.asked).insert(server.name.clone()) {
        return Ok(());
    }
    let reply = connection.ask(&server.names.info, &[b"memory"]).await?;
    if let Value::BulkString(info) = reply
        && let Some(policy) = evicting_policy(&String::from_utf8_lossy(&info))
    {
        let server = server.name.clone();
        let text = format!(
            "the maxmemory-policy of {server} is {policy}: when its memory is full it deletes pairs, or halves of them; set it to noeviction"
        );
        let text = text.into();
        locked(&evictions.remarks).push((server, text));
    }
    Ok(())
}

/// The policy, when it is one that takes keys without expiry.
fn evicting_policy(info: &str) -> Option<&str> {
    let mut lines = info.lines();
    let policy = lines.find_map(|line| line.strip_prefix("maxmemory_policy:"))?;
    policy.starts_with("allkeys-").then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_policies_that_take_keys_without_expiry_are_told() {
        let info =
            |policy| format!("# Memory\r\nmaxmemory:1\r\nmaxmemory_policy:{policy}\r\nx:1\r\n");
        assert_eq!(evicting_policy(&info("allkeys-lru")), Some("allkeys-lru"));
        for policy in ["noeviction", "volatile-lru", ""] {
            assert_eq!(evicting_policy(&info(policy)), None, "{policy}");
        }
        assert_eq!(evicting_policy("maxmemory:0"), None);
    }
}
