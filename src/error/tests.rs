use super::*;

#[test]
fn an_error_reply_does_not_show_the_integration_id() {
    let error = Error::Reply {
        server: "s:1".into(),
        kind: ReplyKind::Other,
        reply: "ERR bad key 'secret-token:b:1'".into(),
    };
    let shown = error.without(b"secret-token").to_string();
    assert!(shown.contains("'secr…:b:1'"), "{shown}");
}

#[test]
fn each_error_reply_is_waited_for_or_final() {
    for (reply, code, is_waited_for) in [
        (
            "LOADING Redis is loading the dataset in memory",
            "UNREACHABLE",
            true,
        ),
        ("BUSY Redis is busy running a script.", "UNREACHABLE", true),
        ("MASTERDOWN Link with MASTER is down", "UNREACHABLE", true),
        ("CLUSTERDOWN The cluster is down", "UNREACHABLE", true),
        ("CLUSTERDOWN Hash slot not served", "UNREACHABLE", true),
        (
            "TRYAGAIN Multiple keys request during rehashing",
            "UNREACHABLE",
            true,
        ),
        (
            "NOREPLICAS Not enough good replicas to write.",
            "UNREACHABLE",
            true,
        ),
        (
            "MISCONF Redis is configured to save RDB snapshots",
            "UNREACHABLE",
            true,
        ),
        (
            "MISCONF Errors writing to the AOF file: No space",
            "UNREACHABLE",
            true,
        ),
        (
            "UNBLOCKED force unblock from blocking operation",
            "UNREACHABLE",
            true,
        ),
        ("REDIRECT 127.0.0.1:6380", "UNREACHABLE", true),
        (
            "DENIED Redis is running in protected mode",
            "UNREACHABLE",
            true,
        ),
        ("ERR max number of clients reached", "UNREACHABLE", true),
        (
            "ERR max number of clients + cluster connections reached",
            "UNREACHABLE",
            true,
        ),
        ("ERR Connection refused", "UNREACHABLE", true),
        ("no upstream host", "UNREACHABLE", true),
        (
            "READONLY You can't write against a read only replica.",
            "READONLY",
            true,
        ),
        (
            "CROSSSLOT Keys in request don't hash to the same slot",
            "REPLY",
            true,
        ),
        ("MOVED 3999 127.0.0.1:6381", "MOVED", false),
        ("ASK 3999 127.0.0.1:6381", "MOVED", false),
        ("NOAUTH Authentication required.", "AUTH", false),
        ("WRONGPASS invalid username-password pair", "AUTH", false),
        (
            "NOPERM this user has no permissions to run the 'mset' command",
            "NOPERM",
            false,
        ),
        ("WRONGTYPE Operation against a key", "WRONGTYPE", false),
        (
            "OOM command not allowed when used memory > 'maxmemory'.",
            "OOM",
            false,
        ),
        ("ERR unknown command 'MSET'", "REPLY", false),
        ("ERR Protocol error: invalid bulk length", "REPLY", false),
        ("ERR Connection timed out", "REPLY", false),
        ("EXECABORT Transaction discarded", "REPLY", false),
        ("NOSCRIPT No matching script.", "REPLY", false),
        ("NOPROTO unsupported protocol version", "REPLY", false),
        ("NOTBUSY No scripts in execution right now.", "REPLY", false),
        (
            "UNKILLABLE Sorry the script already executed",
            "REPLY",
            false,
        ),
        ("BUSYKEY Target key name already exists.", "REPLY", false),
        (
            "BUSYGROUP Consumer Group name already exists",
            "REPLY",
            false,
        ),
        ("NOGROUP No such key", "REPLY", false),
        ("IOERR error or timeout reading", "REPLY", false),
        ("NOGOODSLAVE No suitable replica to promote", "REPLY", false),
        ("INPROG Failover already in progress", "REPLY", false),
        ("NOQUORUM 1 usable Sentinels", "REPLY", false),
    ] {
        let value = redis::parse_redis_value(format!("-{reply}\r\n").as_bytes());
        let Ok(redis::Value::ServerError(error)) = value else {
            panic!("{reply}: {value:?}");
        };
        let error = Error::from_reply(&"s:1".into(), &error);
        assert_eq!(
            (error.code(), error.is_transient()),
            (code, is_waited_for),
            "{reply}"
        );
    }
}

#[test]
fn an_integration_id_shows_four_characters() {
    assert_eq!(masked(b"secret-token"), "secr…");
    assert_eq!(masked("ééééé".as_bytes()), "éééé…");
    assert_eq!(masked(b"abcd"), "abcd");
    assert_eq!(masked(b""), "");
}

#[test]
fn a_call_that_was_late_says_which_deadline_passed_and_what_it_met() {
    let server: Arc<str> = "s:1".into();
    let silent = Error::Late(Box::new(Error::Timeout {
        server: server.clone(),
    }));
    assert_eq!(silent.code(), "TIMEOUT");
    let said = silent.message("readTimeout", 300);
    assert!(
        said.starts_with("within 300 ms (readTimeout), no answer came from s:1; "),
        "{said}"
    );
    let reason = "of secret-token".into();
    let unreachable = Error::Late(Box::new(Error::Unreachable { server, reason }));
    let said = unreachable
        .without(b"secret-token")
        .message("writeTimeout", 5);
    assert!(
        said.starts_with("within 5 ms (writeTimeout), no connection to s:1: of secr…; "),
        "{said}"
    );
}

#[test]
fn no_message_advises_an_eviction_policy() {
    let said = ReplyKind::OutOfMemory.advice();
    assert!(said.contains("maxmemory-policy at noeviction"), "{said}");
}
