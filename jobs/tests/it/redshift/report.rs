//! The page of a run through the Data API equals that through PostgreSQL.

use jobs::flows::report::{Job, report};

use super::*;

#[test]
fn the_page_is_the_same_as_with_postgresql() {
    let rig = Rig::new(Zoo::stocked());
    for run in ["r1", "r2"] {
        rig.transform(run);
        rig.commits(run);
        rig.zoo.set("animals", &animals(&[(1, "Ada"), (2, "Bo")]));
    }
    rig.zoo.report("r2").run().done();
    let expected = rig.zoo.page("r2");
    let place =
        |at: &str| expected.split_once(at).and_then(|(_, rest)| rest.split(' ').next()).expect("a place").to_owned();
    let job = Job {
        contract: &rig.contract,
        run: id("r2"),
        written_at: clock::rfc3339(clock::now()),
        places: [place("Lake "), place("Warehouse ")],
        steps: Default::default(),
        prices: None,
        artifacts: None,
    };
    let warehouse = Redshift::with(client(rig.api.url()), workgroup::WORKGROUP, workgroup::DATABASE, "default");
    rig.runtime.block_on(report(job, &rig.lake(), Ok(warehouse))).expect("a page");
    let without_time = |page: &str| {
        let (before, after) = page.split_once(" UTC ").expect("when it was written");
        (before[..before.len() - "2026-01-05 09:30".len()].to_owned(), after.to_owned())
    };
    assert_eq!(without_time(&rig.zoo.page("r2")), without_time(&expected));
    assert!(expected.contains("Run 2 has ") && !expected.contains("Not read"), "{expected}");
}
