//! The tables of a file: where pairs are, but for what changed since the last checkpoint.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `version`, `log`, `next` | the format, the log's salt (0: there is none), the next number |
//! | `integrations` | stem | its number, how many pairs it has |
//! | `rows` | number, half, id | the other id |
//! | `garbage` | number | nothing: the rows of that number are of no integration any more |
//!
//! So a stem is there once, and all keys of an integration stand side by side.

use std::ops::Bound;
use std::sync::Mutex;

use bytes::Bytes;
use redb::{
    Database, ReadOnlyTable, ReadableDatabase, ReadableTable, Table, TableDefinition, TableHandle,
    WriteTransaction,
};

use super::change::write_number;
use super::disk::Disk;
use super::trouble::{Trouble, reading};
use super::{hex, id};
use crate::backend::locked::locked;
use crate::call::Listed;
use crate::key::Half;

/// The format that this version reads and writes.
pub(super) const VERSION: u64 = 1;

/// Which half a row is of, in the byte of its id's form.
const EXTERNAL: u8 = 0x80;

/// How many rows one commit writes or removes at most: what it writes anew cannot be used again before it
/// is done, so that the file would grow by it.
pub(super) const ROWS_A_COMMIT: usize = if cfg!(test) { 8 } else { 4096 };

/// A stem's number, and how many pairs it has.
type Numbered = (u64, u64);

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const INTEGRATIONS: TableDefinition<'_, &[u8], Numbered> = TableDefinition::new("integrations");
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const GARBAGE: TableDefinition<'_, u64, ()> = TableDefinition::new("garbage");

/// The tables of an open file.
pub(super) struct Tables(Database);

/// What is written in one go.
pub(super) struct Transaction(WriteTransaction);

/// The tables of a transaction.
pub(super) struct Writable<'t> {
    meta: Table<'t, &'static str, u64>,
    integrations: Table<'t, &'static [u8], Numbered>,
    rows: Table<'t, &'static [u8], &'static [u8]>,
    garbage: Table<'t, u64, ()>,
}

/// The tables as they were at one time.
pub(super) struct Snapshot {
    integrations: ReadOnlyTable<&'static [u8], Numbered>,
    rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    /// The stem that was asked for last, and its number: the next one is mostly the same.
    last: Mutex<(Vec<u8>, Option<u64>)>,
}

impl Tables {
    /// Opens the tables; makes them where there is nothing. `cache` is in bytes.
    pub(super) fn open(disk: &dyn Disk, cache: usize) -> Result<Tables, Trouble> {
        let tables = Tables(reading(|| disk.database(cache))?);
        if reading(|| is_new(&tables.0))? {
            let transaction = tables.begin()?;
            transaction.tables()?.meta.insert("version", VERSION)?;
            transaction.commit(false)?;
        }
        Ok(tables)
    }

    /// The salt of the log, 0 when there is no log.
    pub(super) fn salt(&self) -> Result<u64, Trouble> {
        let meta = self.0.begin_read()?.open_table(META)?;
        Ok(meta.get("log")?.map_or(0, |salt| salt.value()))
    }

    /// The tables as they are now.
    pub(super) fn snapshot(&self) -> Result<Snapshot, Trouble> {
        let transaction = self.0.begin_read()?;
        Ok(Snapshot {
            integrations: transaction.open_table(INTEGRATIONS)?,
            rows: transaction.open_table(ROWS)?,
            last: Mutex::default(),
        })
    }

    /// Begins to write.
    pub(super) fn begin(&self) -> Result<Transaction, Trouble> {
        Ok(Transaction(self.0.begin_write()?))
    }
}

/// Whether a database holds nothing yet. Refuses what is not this module's, or of a later version.
pub(super) fn is_new(database: &impl ReadableDatabase) -> Result<bool, Trouble> {
    let transaction = database.begin_read()?;
    let tables: Vec<_> = transaction.list_tables()?.collect();
    if tables.is_empty() {
        return Ok(true);
    }
    if tables.iter().all(|table| table.name() != META.name()) {
        return Err(Trouble::Foreign);
    }
    let meta = transaction.open_table(META).map_err(|_| Trouble::Foreign)?;
    match meta.get("version")?.map(|version| version.value()) {
        Some(VERSION) => Ok(false),
        Some(version) => Err(Trouble::Newer(version)),
        None => Err(Trouble::Foreign),
    }
}

impl Transaction {
    /// The tables, to be dropped before the transaction is committed.
    pub(super) fn tables(&self) -> Result<Writable<'_>, Trouble> {
        Ok(Writable {
            meta: self.0.open_table(META)?,
            integrations: self.0.open_table(INTEGRATIONS)?,
            rows: self.0.open_table(ROWS)?,
            garbage: self.0.open_table(GARBAGE)?,
        })
    }

    /// Puts all of it on the disk. After a crash, a file whose last commit `is_quick_to_open` need not be
    /// read through; such a commit takes longer.
    pub(super) fn commit(mut self, is_quick_to_open: bool) -> Result<(), Trouble> {
        self.0.set_quick_repair(is_quick_to_open);
        Ok(self.0.commit()?)
    }
}

impl Writable<'_> {
    /// Names the salt of the log, 0 for none.
    pub(super) fn set_salt(&mut self, salt: u64) -> Result<(), Trouble> {
        self.meta.insert("log", salt)?;
        Ok(())
    }

    /// The number of a stem, a new one for a new stem.
    pub(super) fn number(&mut self, stem: &[u8]) -> Result<u64, Trouble> {
        if let Some(found) = self.integrations.get(stem)? {
            return Ok(found.value().0);
        }
        let number = self.meta.get("next")?.map_or(0, |next| next.value());
        self.meta.insert("next", number + 1)?;
        self.integrations.insert(stem, (number, 0))?;
        Ok(number)
    }

    /// Forgets a stem. Its rows are to be collected.
    pub(super) fn forget(&mut self, stem: &[u8]) -> Result<(), Trouble> {
        let found = self.integrations.remove(stem)?;
        if let Some((number, _)) = found.map(|found| found.value()) {
            self.garbage.insert(number, ())?;
        }
        Ok(())
    }

    /// Writes a row, or removes it when it holds nothing; by how many pairs there are more then.
    pub(super) fn set(&mut self, row: &Row) -> Result<i64, Trouble> {
        let was_there = match &row.other {
            Some(other) => self.rows.insert(&*row.key, &**other)?.is_some(),
            None => self.rows.remove(&*row.key)?.is_some(),
        };
        let more = i64::from(row.other.is_some()) - i64::from(was_there);
        Ok(if row.half == Half::Botmatic { more } else { 0 })
    }

    /// Notes that a stem has so many pairs more.
    pub(super) fn add_pairs(&mut self, stem: &[u8], more: i64) -> Result<(), Trouble> {
        let found = self.integrations.get(stem)?.map(|found| found.value());
        if let Some((number, pairs)) = found {
            let pairs = pairs.saturating_add_signed(more);
            self.integrations.insert(stem, (number, pairs))?;
        }
        Ok(())
    }

    /// Removes some rows of forgotten stems; whether there are more.
    pub(super) fn collect(&mut self) -> Result<bool, Trouble> {
        let first = self.garbage.first()?.map(|(number, _)| number.value());
        let Some(number) = first else {
            return Ok(false);
        };
        let (from, to) = bounds(number);
        let mut removed = 0;
        for row in self
            .rows
            .extract_from_if(&*from..&*to, |_, _| true)?
            .take(ROWS_A_COMMIT)
        {
            row?;
            removed += 1;
        }
        if removed < ROWS_A_COMMIT {
            self.garbage.remove(number)?;
        }
        Ok(true)
    }
}

impl Snapshot {
    /// What the key of `id` holds.
    pub(super) fn get(&self, stem: &[u8], half: Half, id: &[u8]) -> Result<Option<Bytes>, Trouble> {
        let Some(number) = reading(|| self.number(stem))? else {
            return Ok(None);
        };
        let key = key(number, half, id);
        let Some(other) = reading(|| Ok(self.rows.get(&*key)?))? else {
            return Ok(None);
        };
        match id::read(other.value(), 0) {
            Some(other) => Ok(Some(other.into())),
            None => Err(Trouble::Damaged("an id cannot be read".into())),
        }
    }

    /// The rows of an integration that a listing is of, from where it says; at most so many. They come as the
    /// half's letter, a colon and the id, and before them where the next page begins.
    pub(super) fn page(
        &self,
        stem: &[u8],
        listed: Listed,
        from: &[u8],
        most: usize,
    ) -> Result<Vec<Bytes>, Trouble> {
        let mut page = vec![Bytes::new()];
        let Some(number) = reading(|| self.number(stem))? else {
            return Ok(page);
        };
        let (mut start, mut end) = bounds(number);
        let prefix = start.len();
        match listed {
            Listed::Botmatic => end = [&*start, &[EXTERNAL]].concat(),
            Listed::External => start.push(EXTERNAL),
            Listed::Both | Listed::Integrations => {}
        }
        let from = hex::decode(from).filter(|from| *from >= start);
        let start = from.map_or(Bound::Included(start), Bound::Excluded);
        let mut last = Vec::new();
        let range = (
            start.as_ref().map(Vec::as_slice),
            Bound::Excluded(end.as_slice()),
        );
        for row in reading(|| Ok(self.rows.range::<&[u8]>(range)?))? {
            let (key, _) = row?;
            if page.len() > most {
                page[0] = hex::encode(&last).into();
                break;
            }
            last = key.value().to_vec();
            let half: &[u8] = if last[prefix] & EXTERNAL == 0 {
                b"b:"
            } else {
                b"e:"
            };
            let id = id::read(&last[prefix..], EXTERNAL)
                .ok_or_else(|| Trouble::Damaged("an id cannot be read".into()))?;
            page.push([half, &id].concat().into());
        }
        Ok(page)
    }

    /// The integrations whose stem begins with `prefix`, from where a listing says; at most so many. They
    /// come as the number of their pairs, a colon and the rest of the stem, and before them where the next
    /// page begins.
    pub(super) fn integrations(
        &self,
        prefix: &[u8],
        from: &[u8],
        most: usize,
    ) -> Result<Vec<Bytes>, Trouble> {
        let mut page = vec![Bytes::new()];
        let start = match hex::decode(from) {
            Some(from) => Bound::Excluded(from),
            None => Bound::Included(prefix.to_vec()),
        };
        let range = (start.as_ref().map(Vec::as_slice), Bound::Unbounded);
        let mut last = Vec::new();
        for row in reading(|| Ok(self.integrations.range::<&[u8]>(range)?))? {
            let (stem, found) = row?;
            let Some(rest) = stem.value().strip_prefix(prefix) else {
                break;
            };
            if page.len() > most {
                page[0] = hex::encode(&last).into();
                break;
            }
            last = stem.value().to_vec();
            let (_, pairs) = found.value();
            if pairs > 0 {
                page.push([pairs.to_string().as_bytes(), b":", rest].concat().into());
            }
        }
        Ok(page)
    }

    /// The number of a stem that has any rows.
    pub(super) fn number(&self, stem: &[u8]) -> Result<Option<u64>, Trouble> {
        let mut last = locked(&self.last);
        if last.0 == stem && last.1.is_some() {
            return Ok(last.1);
        }
        let number = self.integrations.get(stem)?.map(|found| found.value().0);
        last.0.clear();
        last.0.extend_from_slice(stem);
        last.1 = number;
        Ok(number)
    }
}

/// A row to be written, or to be removed.
pub(super) struct Row {
    key: Vec<u8>,
    half: Half,
    /// What it is to hold.
    other: Option<Vec<u8>>,
}

impl Row {
    /// The row of an id.
    pub(super) fn new(number: u64, half: Half, id: &[u8], other: Option<&[u8]>) -> Row {
        Row {
            key: key(number, half, id),
            half,
            other: other.map(|other| {
                let mut written = Vec::with_capacity(1 + other.len());
                id::write(other, 0, &mut written);
                written
            }),
        }
    }

    /// Where it stands among the others.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

fn key(number: u64, half: Half, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(10 + id.len());
    write_number(number, &mut key);
    let flags = if half == Half::External { EXTERNAL } else { 0 };
    id::write(id, flags, &mut key);
    key
}

/// Between which keys all rows of a number are.
fn bounds(number: u64) -> (Vec<u8>, Vec<u8>) {
    let mut from = Vec::new();
    write_number(number, &mut from);
    let mut to = from.clone();
    // The last byte of a number is below 0x80, and no number begins with another.
    if let Some(last) = to.last_mut() {
        *last += 1;
    }
    (from, to)
}
