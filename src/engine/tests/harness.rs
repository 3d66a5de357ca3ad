//! A queue over the backend in memory, as a store has one, for the tests to put calls on.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::model::Made;
use crate::engine::testing::{Memory, settings};
use crate::engine::{Call, Completion, ConnectionEvent, Lengths, Queue, Receiver, Submission};
use crate::settings::Settings;

/// Notes what each call came to, and when.
struct Noted(mpsc::Sender<(Completion<u32>, Instant)>);

impl Receiver<u32> for Noted {
    fn settle(&self, completions: &mut Vec<Completion<u32>>) {
        for completion in completions.drain(..) {
            let noted = self.0.send((completion, Instant::now()));
            noted.expect("the test waits for it");
        }
    }

    fn stalled(&self) {}

    fn connection(&self, _: ConnectionEvent) {}
}

/// A queue over a backend in memory, and what comes of its calls.
pub(super) struct Harness {
    pub memory: Memory,
    pub submission: Submission<u32, Memory>,
    queue: Arc<Queue<u32, Memory>>,
    settings: Arc<Settings>,
    results: mpsc::Receiver<(Completion<u32>, Instant)>,
}

impl Harness {
    pub(super) fn new(memory: Memory) -> Harness {
        let (sender, results) = mpsc::channel();
        let queue = Queue::new(memory.clone(), Arc::new(Noted(sender)));
        Harness {
            memory,
            submission: Submission::new(queue.clone()),
            queue,
            settings: settings(),
            results,
        }
    }

    pub(super) fn make(&mut self, ticket: usize, made: &Made) {
        let call = Call {
            operation: made.operation,
            deadline: self.queue.epoch + made.deadline,
            ticket: ticket as u32,
        };
        let pushed = self.submission.push(&self.settings, call, |text| {
            for part in [made.stem, &made.ids[0], &made.ids[1]] {
                text.extend_from_slice(part.as_bytes());
            }
            Ok::<_, ()>(Lengths {
                prefix: 0,
                integration: made.stem.len() as u32,
                first: made.ids[0].len() as u32,
                second: made.ids[1].len() as u32,
            })
        });
        assert!(pushed.is_ok());
    }

    /// What each of so many calls came to, in the order in which they were made, and when.
    pub(super) async fn completions(&self, count: usize) -> Vec<(Completion<u32>, Instant)> {
        let mut completions = Vec::new();
        while completions.len() < count {
            match self.results.try_recv() {
                Ok(noted) => completions.push(noted),
                Err(_) => sleep(Duration::from_millis(250)).await,
            }
        }
        completions.sort_by_key(|(completion, _)| completion.ticket);
        assert!(
            completions.is_sorted_by(|a, b| a.0.ticket < b.0.ticket),
            "settled twice"
        );
        completions
    }
}
