//! Commands as the server reads them, one after the other in one buffer.

use super::topology::Questions;

/// Commands on their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Commands {
    bytes: Vec<u8>,
    /// How many replies they are owed: one each, but for those that several calls share.
    count: usize,
    shared: Vec<Shared>,
    /// Which of them go elsewhere in a cluster than where their key is.
    targets: Vec<(usize, Target)>,
}

/// A command that several calls share: its reply is an array with one for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared {
    /// How many replies come before.
    pub after: usize,
    pub calls: usize,
}

/// Where a command goes in a cluster, whatever its key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// To the node of this number.
    Node(usize),
    /// It stands for these questions, to each node.
    Topology(Questions),
}

/// One of them, read back.
pub(super) struct Command<'a> {
    /// All of it as it is sent.
    pub bytes: &'a [u8],
    /// Its name and arguments.
    pub words: Vec<&'a [u8]>,
    /// Where it goes, if not by its key.
    pub target: Option<Target>,
}

impl Commands {
    /// None yet, with room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Commands {
        Commands {
            bytes: Vec::with_capacity(bytes),
            ..Commands::default()
        }
    }

    /// A single command.
    pub(super) fn one(name: &str, arguments: &[&[u8]]) -> Commands {
        let mut commands = Commands::default();
        commands.add(name, arguments);
        commands
    }

    /// Adds a command.
    pub(super) fn add<A: AsRef<[u8]>>(&mut self, name: &str, arguments: &[A]) {
        self.begin(name, arguments.len());
        for argument in arguments {
            self.word([argument.as_ref()]);
        }
    }

    /// Adds all of `others`.
    pub(super) fn append(&mut self, others: &Commands) {
        self.bytes.extend_from_slice(&others.bytes);
        let targets = others.targets.iter();
        self.targets
            .extend(targets.map(|(at, target)| (self.count + at, *target)));
        self.count += others.count;
    }

    /// Begins a command; as many calls of [`Commands::word`] as it has arguments are to follow.
    pub(super) fn begin(&mut self, name: &str, arguments: usize) {
        self.number(b'*', 1 + arguments);
        self.word([name.as_bytes()]);
        self.count += 1;
    }

    /// Begins a command that so many calls share, each with one argument. It is for one server.
    pub(super) fn begin_shared(&mut self, name: &str, calls: usize) {
        let after = self.count;
        self.begin(name, calls);
        self.count = after + calls;
        self.shared.push(Shared { after, calls });
    }

    /// Says where the command goes that was begun last.
    pub(super) fn to(&mut self, target: Target) {
        self.targets.push((self.count - 1, target));
    }

    /// Adds an argument, put together of its parts.
    pub(super) fn word<const PARTS: usize>(&mut self, parts: [&[u8]; PARTS]) {
        self.number(b'$', parts.iter().map(|part| part.len()).sum());
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    fn number(&mut self, kind: u8, number: usize) {
        // Most are short, and these bytes a good part of all that is written.
        if let Ok(digit @ 0..=99) = u8::try_from(number) {
            let [tens, ones] = [digit / 10, digit % 10].map(|digit| b'0' + digit);
            match digit {
                0..=9 => self.bytes.extend_from_slice(&[kind, ones, b'\r', b'\n']),
                _ => self
                    .bytes
                    .extend_from_slice(&[kind, tens, ones, b'\r', b'\n']),
            }
            return;
        }
        self.bytes.push(kind);
        let mut digits = itoa::Buffer::new();
        self.bytes
            .extend_from_slice(digits.format(number).as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// What is sent, how many replies it is owed, and which of these come together.
    pub(super) fn into_parts(self) -> (Vec<u8>, usize, Vec<Shared>) {
        (self.bytes, self.count, self.shared)
    }

    /// What is sent.
    #[cfg(test)]
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Reads them back.
    pub(super) fn iter(&self) -> impl Iterator<Item = Command<'_>> {
        let mut rest = self.bytes.as_slice();
        let mut targets = self.targets.iter().peekable();
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = rest;
            let count = number(&mut rest)?;
            let words: Option<Vec<&[u8]>> = (0..count)
                .map(|_| {
                    let length = number(&mut rest)?;
                    let (word, after) = rest.split_at_checked(length)?;
                    rest = after.get(2..)?;
                    Some(word)
                })
                .collect();
            let target = targets.next_if(|(of, _)| *of == at);
            at += 1;
            Some(Command {
                bytes: &start[..start.len() - rest.len()],
                words: words?,
                target: target.map(|(_, target)| *target),
            })
        })
    }
}

impl From<&Command<'_>> for Commands {
    fn from(command: &Command<'_>) -> Commands {
        Commands {
            bytes: command.bytes.to_vec(),
            count: 1,
            ..Commands::default()
        }
    }
}

/// Takes a line like `*3` off the front: its number.
fn number(from: &mut &[u8]) -> Option<usize> {
    let end = from.iter().position(|&byte| byte == b'\n')?;
    let digits = std::str::from_utf8(from.get(1..end - 1)?).ok()?;
    *from = &from[end + 1..];
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_stand_in_a_row() {
        let mut commands = Commands::one("GET", &[b"k"]);
        commands.begin("SET", 2);
        commands.word([b"a", b"", b":b"]);
        commands.word([b""]);
        assert_eq!(commands.count, 2);
        assert_eq!(
            String::from_utf8(commands.into_bytes()).unwrap(),
            "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*3\r\n$3\r\nSET\r\n$3\r\na:b\r\n$0\r\n\r\n"
        );
    }

    #[test]
    fn lengths_have_as_many_digits_as_they_need() {
        for length in [0, 9, 10, 99, 100, 255, 256, 1_000] {
            let text = "x".repeat(length);
            let written = Commands::one("GET", &[text.as_bytes()]).into_bytes();
            let expected = format!("*2\r\n$3\r\nGET\r\n${length}\r\n{text}\r\n");
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            all in prop::collection::vec(("[A-Z]{0,9}", prop::collection::vec(any::<Vec<u8>>(), 0..5)), 0..5),
        ) {
            let mut commands = Commands::default();
            for (name, arguments) in &all {
                commands.add(name, arguments);
            }
            let mut copy = Commands::default();
            let mut read = Vec::new();
            for command in commands.iter() {
                copy.append(&(&command).into());
                let (name, arguments) = command.words.split_first().unwrap();
                let arguments = arguments.iter().map(|word| word.to_vec()).collect();
                read.push((String::from_utf8(name.to_vec()).unwrap(), arguments));
            }
            prop_assert_eq!(read, all);
            prop_assert_eq!(copy.into_bytes(), commands.into_bytes());
        }
    }
}
