//! The table in `docs/drift.md`: how a source can change a record, and the outcome under each policy.

use serde_json::{Value, json};

/// The record as it is in the table before the change.
pub const RECORD: &str = concat!(
    r#"{"id":1,"name":"Ada","kind":{"species":"tapir","legs":4},"weight_kg":180.5,"#,
    r#""born_on":"2019-02-28","tags":["shy"]}"#
);

/// One change at the source: `from` in the record becomes `to`.
pub struct Change {
    pub name: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    /// Under evolve, quarantine and freeze.
    pub outcomes: [Outcome; 3],
}

/// The outcome for the record.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is loaded, and only these columns of its row change.
    Loaded(Value),
    /// It is quarantined for these reasons, and its row is marked as deleted.
    Quarantined(&'static [&'static str]),
    /// The collection is rejected with this message, and nothing changes.
    Refused(&'static str),
    /// The load of the run is rejected with this message, and the warehouse does not change.
    NotLoaded(&'static str),
}

use Outcome::{Loaded, NotLoaded, Quarantined, Refused};

pub const POLICIES: [&str; 3] = ["evolve", "quarantine", "freeze"];

fn change(name: &'static str, from: &'static str, to: &'static str, outcomes: [Outcome; 3]) -> Change {
    Change { name, from, to, outcomes }
}

/// A change with the same outcome under every policy.
fn every(name: &'static str, from: &'static str, to: &'static str, outcome: Outcome) -> Change {
    change(name, from, to, [outcome.clone(), outcome.clone(), outcome])
}

pub fn changes() -> Vec<Change> {
    const WEIGHT: &str = r#""weight_kg":180.5"#;
    const NAME: &str = r#""name":"Ada""#;
    const KIND: &str = r#""kind":{"species":"tapir","legs":4}"#;
    const LEGS: &str = r#""legs":4"#;
    const NO_NAME: &str = "name: required, but null or missing";
    const NO_ID: &str = "id: required, but null or missing";
    const COLOUR: &str = "colour: the contract does not define this field";
    const FROZEN: &str = "the contract does not define the `colour` field";
    let no_weight = || Loaded(json!({"weight_kg": null}));
    let no_kind = || Loaded(json!({"species": null, "legs": null}));
    vec![
        change(
            "a field is added",
            r#""id":1"#,
            r#""id":1,"colour":"grey""#,
            [Loaded(json!({"_extra": {"colour": "grey"}})), Quarantined(&[COLOUR]), Refused(FROZEN)],
        ),
        change(
            "a field is added to a known object",
            LEGS,
            r#""legs":4,"family":{"of":7}"#,
            [
                Loaded(json!({"_extra": {"kind.family": {"of": 7}}})),
                Quarantined(&["kind.family: the contract does not define this field"]),
                Refused("the contract does not define the `kind.family` field"),
            ],
        ),
        every("an optional field is removed", r#","weight_kg":180.5"#, "", no_weight()),
        every("a required field is removed", r#","name":"Ada""#, "", Quarantined(&[NO_NAME])),
        every("the key is removed", r#""id":1,"#, "", Quarantined(&[NO_ID])),
        change(
            "an optional field is renamed",
            WEIGHT,
            r#""mass_kg":180.5"#,
            [
                Loaded(json!({"weight_kg": null, "_extra": {"mass_kg": 180.5}})),
                Quarantined(&["mass_kg: the contract does not define this field"]),
                Refused("the contract does not define the `mass_kg` field"),
            ],
        ),
        change(
            "a required field is renamed",
            NAME,
            r#""title":"Ada""#,
            [
                Quarantined(&[NO_NAME]),
                Quarantined(&["title: the contract does not define this field", NO_NAME]),
                Refused("the contract does not define the `title` field"),
            ],
        ),
        every(
            "a number becomes a string",
            WEIGHT,
            r#""weight_kg":"180.5""#,
            Quarantined(&["weight_kg: expected a double, found the string `180.5`"]),
        ),
        every(
            "a string becomes a number",
            NAME,
            r#""name":7"#,
            Quarantined(&["name: expected a string(16), found the number 7"]),
        ),
        every("an integer is written with a zero fractional part", LEGS, r#""legs":4.0"#, Loaded(json!({}))),
        every(
            "an integer beyond 2^53 is written with a zero fractional part",
            LEGS,
            r#""legs":9007199254740993.0"#,
            Loaded(json!({"legs": 9_007_199_254_740_993_i64})),
        ),
        every(
            "an integer gets a nonzero fractional part",
            LEGS,
            r#""legs":4.5"#,
            Quarantined(&["kind.legs: expected an integer, found the number 4.5"]),
        ),
        every(
            "a number becomes an integer that no double represents",
            WEIGHT,
            r#""weight_kg":9007199254740993"#,
            Quarantined(&["weight_kg: the integer 9007199254740993 is not exactly a double; use integer or string"]),
        ),
        every(
            "a date has a different format",
            r#""born_on":"2019-02-28""#,
            r#""born_on":"28.02.2019""#,
            Quarantined(&["born_on: `28.02.2019` is not a date (YYYY-MM-DD)"]),
        ),
        every(
            "a string is too long for its column",
            NAME,
            r#""name":"Ada of the north wing""#,
            Quarantined(&["name: 21 bytes; the limit is 16"]),
        ),
        every(
            "a number becomes an object",
            WEIGHT,
            r#""weight_kg":{"kg":180.5}"#,
            Quarantined(&["weight_kg: expected a double, found an object"]),
        ),
        every(
            "a string becomes an object",
            NAME,
            r#""name":{"first":"Ada"}"#,
            Quarantined(&["name: expected a string(16), found an object"]),
        ),
        every(
            "a scalar becomes a list",
            WEIGHT,
            r#""weight_kg":[180.5]"#,
            Quarantined(&["weight_kg: expected a double, found an array"]),
        ),
        every(
            "an object becomes a scalar",
            KIND,
            r#""kind":"tapir""#,
            Quarantined(&["kind: expected an object, found a string"]),
        ),
        every(
            "a value in a JSON column changes its type",
            r#"["shy"]"#,
            r#"{"shy":true}"#,
            Loaded(json!({"tags": {"shy": true}})),
        ),
        every("an optional value becomes null", WEIGHT, r#""weight_kg":null"#, no_weight()),
        every("a required value becomes null", NAME, r#""name":null"#, Quarantined(&[NO_NAME])),
        every("an object becomes null", KIND, r#""kind":null"#, no_kind()),
        every(
            "a known field appears twice in a record",
            NAME,
            r#""name":"Ada","name":"Bo""#,
            Quarantined(&["name: appears twice in one record"]),
        ),
        change(
            "an unknown field appears twice in a record",
            r#""id":1"#,
            r#""id":1,"colour":"grey","colour":"pink""#,
            [Quarantined(&["colour: appears twice in one record"]), Quarantined(&[COLOUR, COLOUR]), Refused(FROZEN)],
        ),
        every(
            "two records in a response have the same key",
            RECORD,
            r#"{"id":1,"name":"Ada"},{"id":1,"name":"Ida"}"#,
            NotLoaded("the key `1` occurs twice in table `animals`"),
        ),
        every("a record is null", RECORD, "null", Quarantined(&[NO_ID, NO_NAME])),
        every("a record is not an object", RECORD, "7", Quarantined(&["expected an object, found 7", NO_ID, NO_NAME])),
    ]
}
