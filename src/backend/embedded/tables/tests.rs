use super::*;
use crate::backend::embedded::row::tests::NUMBERS;
use crate::backend::embedded::testing::TestDisk;

#[test]
fn rows_of_forgotten_stems_are_collected_and_no_others() {
    let tables = Tables::open(&TestDisk::default(), 1024 * 1024).unwrap();
    let transaction = tables.begin().unwrap();
    {
        let mut writable = transaction.tables().unwrap();
        for number in NUMBERS {
            writable.meta.insert("next", number).unwrap();
            let stem = number.to_string();
            assert_eq!(writable.number(stem.as_bytes()).unwrap(), number);
            let mut pairs = 0;
            for n in 0..ROWS_A_COMMIT {
                let id = [b'.', n as u8];
                for half in [Half::Botmatic, Half::External] {
                    let row = Row::new(number, half, &id, Some(&id));
                    pairs += writable.set(&row).unwrap();
                    // What is there already is no pair more.
                    assert_eq!(writable.set(&row).unwrap(), 0);
                }
            }
            assert_eq!(pairs, ROWS_A_COMMIT as i64);
            writable.add_pairs(stem.as_bytes(), pairs).unwrap();
        }
        for number in NUMBERS.iter().step_by(2) {
            writable.forget(number.to_string().as_bytes()).unwrap();
        }
    }
    transaction.commit(false).unwrap();
    loop {
        let transaction = tables.begin().unwrap();
        let has_more = transaction.tables().unwrap().collect().unwrap();
        transaction.commit(false).unwrap();
        if !has_more {
            break;
        }
    }
    let snapshot = tables.snapshot().unwrap();
    let (rows, pairs) = snapshot.counts().unwrap();
    assert_eq!(rows as usize, NUMBERS.len() / 2 * 2 * ROWS_A_COMMIT);
    assert_eq!(pairs.len(), NUMBERS.len() / 2);
    for (index, number) in NUMBERS.iter().enumerate() {
        let stem = number.to_string();
        let found = snapshot.get(stem.as_bytes(), Half::External, b".\x07");
        assert_eq!(found.unwrap().is_some(), index % 2 == 1, "{number}");
    }
}
