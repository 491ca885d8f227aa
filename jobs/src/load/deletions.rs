//! The limit on rows that one load may mark as deleted.

use std::collections::BTreeMap;
use std::fmt;

use super::statement::Change;
use crate::receipt::TableReceipt;

/// A load may always delete this many rows: of one row or two, any loss is a large share.
const ALWAYS: u64 = 2;

/// A table that would lose too many of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    table: String,
    deleted: u64,
    live: u64,
    limit: f64,
}

impl Loss {
    /// The loss of a table, if it is more than the share `limit` of its current rows.
    pub fn of(table: &TableReceipt, changes: Option<&BTreeMap<Change, u64>>, limit: f64) -> Option<Self> {
        let count = |change| changes.and_then(|changes| changes.get(&change)).copied().unwrap_or(0);
        let deleted = count(Change::Deleted);
        // Every other row of the run was in the table before.
        let kept = table.rows.saturating_sub(count(Change::Inserted) + count(Change::Revived));
        let live = kept + deleted;
        let loss = Self { table: table.table.clone(), deleted, live, limit };
        (deleted > ALWAYS && loss.share() > limit).then_some(loss)
    }

    fn share(&self) -> f64 {
        self.deleted as f64 / self.live.max(1) as f64
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, deleted, live, limit } = self;
        let (share, limit) = (self.share() * 100.0, limit * 100.0);
        write!(f, "table `{table}` would lose {deleted} of its {live} rows ({share:.1} %; the limit is {limit:.1} %)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_two_rows_and_more_than_the_share_are_too_many() {
        let loss = |rows, inserted, revived, deleted| {
            let table = TableReceipt {
                table: "hens".to_owned(),
                read: rows,
                rows,
                quarantined: 0,
                dropped: 0,
                files: Vec::new(),
            };
            let changes = [(Change::Inserted, inserted), (Change::Revived, revived), (Change::Deleted, deleted)];
            Loss::of(&table, Some(&changes.into()), 0.25).map(|loss| (loss.deleted, loss.live))
        };
        assert_eq!(loss(1, 0, 0, 3), Some((3, 4)), "4 to 1");
        assert_eq!(loss(1, 0, 0, 2), None, "3 to 1");
        assert_eq!(loss(0, 0, 0, 2), None, "2 to 0");
        assert_eq!(loss(0, 0, 0, 3), Some((3, 3)), "3 to 0");
        assert_eq!(loss(75, 0, 0, 25), None, "exactly the share");
        assert_eq!(loss(75, 0, 0, 26), Some((26, 101)));
        assert_eq!(loss(50, 0, 0, 50), Some((50, 100)), "half a response");
        assert_eq!(loss(90, 90, 0, 90), Some((90, 90)), "new keys do not make up for the lost ones");
        assert_eq!(loss(90, 0, 60, 40), Some((40, 70)), "nor do rows that come back");
        assert_eq!(loss(144 + 61, 61, 0, 4), None);
    }
}
