//! Whether a server may evict pairs, which have no expiry, when its memory is full: then a save that was
//! answered is no promise. Each server tells once, in the login to it.

use super::server::Server;
use crate::backend::locked::locked;

/// Whether the server has told.
pub(super) fn is_known(server: &Server<'_>) -> bool {
    locked(&server.kept.evictions.told).contains(&server.name)
}

/// Reads what the server tells of its memory.
pub(super) fn read(server: &Server<'_>, info: &str) {
    let evictions = &server.kept.evictions;
    if !locked(&evictions.told).insert(server.name.clone()) {
        return;
    }
    if let Some(policy) = evicting_policy(info) {
        let server = server.name.clone();
        let text = format!(
            "the maxmemory-policy of {server} is {policy}: when its memory is full it deletes pairs, or halves of them; set it to noeviction"
        );
        let text = text.into();
        locked(&evictions.remarks).push((server, text));
    }
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
