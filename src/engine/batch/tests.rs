use super::*;
use crate::engine::testing::{settings, write_ids};
use crate::store::Op;
use crate::store::testing::refusal;
use std::time::Instant;

fn settled(replies: Vec<Value>, waits: bool) -> (Vec<bool>, Vec<(bool, bool)>) {
    let mut batch = Batch::new(settings(1));
    for ticket in 0..replies.len() {
        let call = Call {
            op: Op::DeleteIds,
            deadline: Instant::now(),
            ticket,
        };
        assert!(batch.push(call, write_ids).is_ok());
    }
    let (mut done, mut refusal) = (Vec::new(), None);
    batch.settle(
        replies.into_iter().map(Reply::from),
        waits,
        &mut refusal,
        &mut done,
    );
    assert_eq!(refusal.is_none(), batch.is_settled());
    let of = |entry: &Entry<usize>| (entry.ticket.is_some(), entry.is_resent);
    (
        done.iter().map(|done| done.result.is_ok()).collect(),
        batch.entries.iter().map(of).collect(),
    )
}

#[test]
fn a_reply_to_be_waited_out_stops_the_calls_after_it_too() {
    let replies = || {
        let nonsense = Value::SimpleString("what?".to_owned());
        let readonly = refusal("READONLY You can't write against a read only replica.");
        vec![
            Value::Int(2),
            refusal("OOM"),
            readonly.clone(),
            Value::Int(2),
            readonly,
            nonsense,
        ]
    };
    // Only those that were not refused may have been carried out.
    let left = [
        (false, false),
        (false, false),
        (true, false),
        (true, true),
        (true, false),
        (true, true),
    ];
    assert_eq!(settled(replies(), true), (vec![true, false], left.to_vec()));
    let (done, left) = settled(replies(), false);
    assert_eq!(done, [true, false, false, true, false, false]);
    assert!(left.iter().all(|(is_left, _)| !is_left));
}

#[test]
fn out_of_step_no_reply_tells_that_a_call_was_not_carried_out() {
    let replies = vec![Value::Nil, refusal("READONLY"), Value::Int(2)];
    assert_eq!(settled(replies, true), (vec![], vec![(true, true); 3]));
}
