use super::*;
use crate::backend::redis::testing::{any_reply, refusal};
use proptest::prelude::*;
use std::collections::HashMap;

const OPERATIONS: [Operation; 4] = [
    Operation::SaveIds,
    Operation::GetBotmaticId,
    Operation::GetExtId,
    Operation::DeleteIds,
];

fn packed(operation: Operation) -> String {
    let mut commands = Commands::default();
    let args = Args {
        stem: b"i",
        first: b"1",
        second: b"x",
    };
    write(operation, args, &Names::new(&HashMap::new()), &mut commands);
    String::from_utf8(commands.into_bytes()).unwrap()
}

fn server() -> Arc<str> {
    "s:1".into()
}

#[test]
fn each_call_is_one_command() {
    assert_eq!(
        packed(Operation::SaveIds),
        "*5\r\n$4\r\nMSET\r\n$5\r\ni:b:1\r\n$1\r\nx\r\n$5\r\ni:e:x\r\n$1\r\n1\r\n"
    );
    assert_eq!(
        packed(Operation::DeleteIds),
        "*3\r\n$3\r\nDEL\r\n$5\r\ni:b:1\r\n$5\r\ni:e:x\r\n"
    );
    assert_eq!(
        packed(Operation::GetExtId),
        "*2\r\n$3\r\nGET\r\n$5\r\ni:b:1\r\n"
    );
    assert_eq!(
        packed(Operation::GetBotmaticId),
        "*2\r\n$3\r\nGET\r\n$5\r\ni:e:1\r\n"
    );
}

/// What a pair delete comes to that was sent so often: what came back each time, `None` when that
/// was lost.
fn deleted(is_overwritten: bool, came: &[Option<i64>]) -> bool {
    let mut history = History {
        is_overwritten,
        ..History::default()
    };
    let mut last = None;
    for found in came {
        let came = found.map_or(Reception::Lost, |found| {
            Reception::Reply(Value::Int(found).into())
        });
        last = Some(outcome(
            Operation::DeleteIds,
            came,
            &mut history,
            &server(),
            Lacks::NONE,
        ));
    }
    match last {
        Some(Ok(Outcome::Settled(Ok(answer)))) => answer == Answer::Yes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_delete_is_true_when_both_keys_went() {
    for (came, is_true) in [
        (&[Some(2)][..], true),
        (&[Some(1)], false),
        (&[Some(0)], false),
        // What was lost and finds nothing the second time was carried out; it is one step, so what
        // finds one key was not.
        (&[None, Some(0)], true),
        (&[None, Some(1)], false),
        (&[None, Some(2)], true),
        // What is known of an earlier sending counts, whatever it was sent again for.
        (&[Some(0), Some(0)], false),
        (&[Some(2), Some(0)], true),
        (&[Some(1), Some(1)], true),
    ] {
        assert_eq!(deleted(false, came), is_true, "{came:?}");
    }
    assert!(deleted(true, &[None, Some(1)]));
    assert!(!deleted(true, &[Some(1)]));
}

#[test]
fn halves_on_two_servers_are_known_each_by_itself() {
    use HalfReception::{Found, Lost};
    let refused = || {
        HalfReception::Refused(Error::Unreachable {
            server: server(),
            reason: "busy".into(),
        })
    };
    let answer = |sendings: Vec<[HalfReception; 2]>| {
        let mut history = History::default();
        let outcomes = sendings.into_iter().map(|halves| {
            let outcome = outcome(
                Operation::DeleteIds,
                Reception::Halves(halves),
                &mut history,
                &server(),
                Lacks::NONE,
            );
            match outcome.unwrap() {
                Outcome::Settled(Ok(Answer::Yes)) => "true",
                Outcome::Settled(Ok(Answer::No)) => "false",
                Outcome::Refused(_) => "refused",
                Outcome::Lost => "lost",
                other => panic!("{other:?}"),
            }
        });
        outcomes.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(answer(vec![[Found(true), Found(true)]]), "true");
    assert_eq!(answer(vec![[Found(true), Found(false)]]), "false");
    let again = |first, second| answer(vec![first, second]);
    assert_eq!(
        again([Found(true), refused()], [Found(false), Found(true)]),
        "refused true"
    );
    assert_eq!(
        again([Found(false), refused()], [Found(false), Found(true)]),
        "refused false"
    );
    assert_eq!(
        again([Found(true), Lost], [Found(false), Found(false)]),
        "lost true"
    );
    assert_eq!(
        again([Found(false), Lost], [Found(false), Found(true)]),
        "lost false"
    );
    assert_eq!(again([refused(), Lost], [Lost, Lost]), "refused lost");
}

#[test]
fn a_lookup_that_was_told_too_little_together_goes_again_by_itself() {
    let mut history = History::default();
    let mut came = |reply| {
        let (lookup, server) = (Operation::GetExtIds, server());
        of_reply(lookup, reply, &mut history, &server, Lacks::NONE).unwrap()
    };
    let refused = Reply::Shared(refusal("NOPERM no"));
    assert!(matches!(came(refused), Outcome::Again(Some(_))));
    let text = || Reply::Text("x".into());
    assert!(matches!(came(text()), Outcome::Settled(Ok(Answer::Id(_)))));
    assert!(matches!(
        came(Reply::Shared(Value::Nil)),
        Outcome::Again(None)
    ));
    // A later call has saved it.
    assert!(matches!(
        came(text()),
        Outcome::Settled(Ok(Answer::Missing))
    ));
}

#[test]
fn a_reply_of_another_kind_is_nonsense() {
    let came = Reception::Reply(Value::Int(1).into());
    let outcome = outcome(
        Operation::SaveIds,
        came,
        &mut History::default(),
        &server(),
        Lacks::NONE,
    );
    assert!(matches!(outcome, Err(error) if error.code() == "PROTOCOL"));
}

#[test]
fn replies_of_a_server_that_will_serve_later_are_refusals() {
    for (text, code, passes) in [
        ("READONLY You can't write", "READONLY", true),
        ("LOADING Redis is loading", "UNREACHABLE", true),
        ("MASTERDOWN Link with MASTER is down", "UNREACHABLE", true),
        ("CLUSTERDOWN The cluster is down", "UNREACHABLE", true),
        ("TRYAGAIN Multiple keys request", "UNREACHABLE", true),
        ("BUSY Redis is busy", "UNREACHABLE", true),
        ("ERR max number of clients reached", "UNREACHABLE", true),
        ("OOM command not allowed", "OOM", false),
        ("NOAUTH Authentication required", "AUTH", false),
        ("ERR anything else", "REPLY", false),
    ] {
        let came = Reception::Reply(refusal(text).into());
        let outcome = outcome(
            Operation::SaveIds,
            came,
            &mut History::default(),
            &server(),
            Lacks::NONE,
        );
        let (error, passed) = match outcome.unwrap() {
            Outcome::Refused(error) => (error, true),
            Outcome::Settled(Err(error)) => (error, false),
            other => panic!("{other:?}"),
        };
        assert_eq!((error.code(), passed), (code, passes), "{text}");
    }
}

proptest! {
    #[test]
    fn any_reply_has_a_meaning(reply in any_reply(), operation in 0..4_usize, is_lost: bool) {
        let mut history = History { is_lost, ..History::default() };
        let came = Reception::Reply(reply.clone().into());
        match (OPERATIONS[operation], outcome(OPERATIONS[operation], came, &mut history, &server(), Lacks::NONE)) {
            (_, Ok(Outcome::Lost | Outcome::Again(_))) => prop_assert!(false, "it came, alone"),
            (_, Err(error) | Ok(Outcome::Refused(error) | Outcome::Settled(Err(error)))) => {
                prop_assert!(error.to_string().contains("s:1"));
            }
            (Operation::SaveIds, Ok(Outcome::Settled(Ok(answer)))) => {
                prop_assert_eq!((answer, reply), (Answer::Yes, Value::Okay));
            }
            (Operation::DeleteIds, Ok(Outcome::Settled(Ok(answer)))) => {
                prop_assert!(matches!(answer, Answer::Yes | Answer::No));
                prop_assert!(matches!(reply, Value::Int(_)));
            }
            (_, Ok(Outcome::Settled(Ok(Answer::Id(id))))) => {
                prop_assert_eq!(Reply::Text(id), reply.into());
            }
            (_, Ok(Outcome::Settled(Ok(answer)))) => {
                prop_assert_eq!((answer, reply), (Answer::Missing, Value::Nil));
            }
        }
    }
}
