//! Changes on Redshift: the same months as on PostgreSQL.

use serde_json::to_value;

use super::Rig;
use crate::load::incremental::{month, visits, was_eventful};

#[test]
fn changes_that_arrive_late_twice_and_in_any_order_give_the_tables_of_a_snapshot() {
    let months = (20..22).map(|seed| {
        let rig = Rig::new(visits());
        month(seed, &rig.zoo, &|run| to_value(rig.load(run).expect(run)).expect("JSON"))
    });
    was_eventful(&months.collect::<Vec<_>>());
}
