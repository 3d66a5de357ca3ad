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
