//! The tables as they were at one time, to be read.

use std::ops::Bound;
use std::sync::Mutex;

use bytes::Bytes;
use redb::{ReadOnlyTable, ReadTransaction};

use super::row::{EXTERNAL, bounds, key};
use super::tables::{INTEGRATIONS, Numbered, ROWS};
use super::trouble::{Trouble, reading};
use super::{hex, id};
use crate::backend::locked::locked;
use crate::call::Listed;
use crate::key::Half;

/// The tables as they were at one time.
pub(super) struct Snapshot {
    pub(super) integrations: ReadOnlyTable<&'static [u8], Numbered>,
    pub(super) rows: ReadOnlyTable<&'static [u8], &'static [u8]>,
    /// The stem that was asked for last, and its number: the next one is mostly the same.
    last: Mutex<(Vec<u8>, Option<u64>)>,
}

impl Snapshot {
    /// The tables as a transaction sees them.
    pub(super) fn new(transaction: &ReadTransaction) -> Result<Snapshot, Trouble> {
        Ok(Snapshot {
            integrations: transaction.open_table(INTEGRATIONS)?,
            rows: transaction.open_table(ROWS)?,
            last: Mutex::default(),
        })
    }

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
        let from = hex::decode(from).filter(|from| from.starts_with(prefix) && !from.is_empty());
        let start = from.map_or(Bound::Included(prefix.to_vec()), Bound::Excluded);
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

#[cfg(test)]
mod tests {
    use super::*;
    use redb::{ReadableTable, ReadableTableMetadata};
    use std::collections::BTreeMap;

    impl Snapshot {
        /// How many rows there are, and how many pairs each stem is noted to have.
        pub(in super::super) fn counts(&self) -> Result<(u64, BTreeMap<Vec<u8>, u64>), Trouble> {
            let mut pairs = BTreeMap::new();
            for item in self.integrations.iter()? {
                let (stem, found) = item?;
                pairs.insert(stem.value().to_vec(), found.value().1);
            }
            Ok((self.rows.len()?, pairs))
        }
    }
}
