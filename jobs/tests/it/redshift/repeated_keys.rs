//! A key that occurs twice in a response, on Redshift, which does not enforce keys.

use jobs::failure::{exit_of, hint_of};
use serde_json::json;

use super::Rig;
use crate::support::zoo::{Zoo, animals};

#[test]
fn two_rows_of_one_key_are_refused_before_the_transaction() {
    let rig = Rig::new(Zoo::stocked()).only("animals,keepers");
    rig.zoo.set("animals", &animals(&[(1, "Ada"), (2, "Bo")]));
    rig.zoo.set("keepers", &json!([{"id": "kb", "name": "K."}]));
    rig.transform("r1");
    rig.commits("r1");
    let in_animals = |key: u32| format!("the key `{key}` occurs twice in table `animals`");
    for (run, names, key) in [
        ("new", [(1, "Ada"), (3, "Cy"), (3, "Di")], 3),
        ("unchanged", [(1, "Ada"), (2, "Bo"), (2, "Bo")], 2),
        ("changed", [(1, "Ada"), (2, "Bob"), (2, "Bill")], 2),
        ("mixed", [(1, "Ada"), (2, "Bob"), (2, "Bo")], 2),
    ] {
        rig.zoo.set("animals", &animals(&names));
        rig.transform(run);
        let error = rig.load(run).expect_err(run);
        assert_eq!(format!("{error:#}"), in_animals(key), "{run}");
        assert!(hint_of(&error).is_some_and(|hint| hint.contains("correct the source")), "{:?}", hint_of(&error));
        assert_eq!(exit_of(&error), contract::Exit::Failed);
    }
    let fed = [7, 7, 8, 8].map(|id| json!({"id": id, "name": "Di", "meals": [{"food": "hay"}]}));
    rig.zoo.set("animals", &json!(fed));
    rig.zoo.set("keepers", &json!([{"id": "kb ", "name": "K."}, {"id": "kb", "name": "K."}]));
    rig.transform("both");
    let message = [in_animals(7), in_animals(8), "the key `kb` occurs twice in table `keepers`".to_owned()].join("; ");
    assert_eq!(format!("{:#}", rig.load("both").expect_err("three keys")), message);
    let locks = rig.api.statements().iter().filter(|sql| sql.starts_with("LOCK ")).count();
    assert_eq!(locks, 1, "only the first load started its transaction");
    assert!(rig.zoo.database().versions("staging_zoo").is_empty(), "its own tables are dropped");
    assert_eq!(rig.zoo.ledger(), ["1 r1"]);
    rig.zoo.set("animals", &animals(&[(1, "Ada"), (3, "Cy")]));
    rig.zoo.set("keepers", &json!([{"id": "kb", "name": "K."}]));
    rig.transform("r2");
    rig.commits("r2");
    rig.holds("r2", &[(1, "Ada"), (3, "Cy")]);
}
