//! The truth table of `docs/drift.md`: what a source may do to a record, and what each policy makes of it.

use serde_json::{Value, json};

/// The record as the table has it before the change.
pub const RECORD: &str = concat!(
    r#"{"id":1,"name":"Ada","kind":{"species":"tapir","legs":4},"weight_kg":180.5,"#,
    r#""born_on":"2019-02-28","tags":["shy"]}"#
);

/// One thing that a source does: `from` in the record becomes `to`.
pub struct Change {
    pub what: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    /// Under evolve, quarantine and freeze.
    pub ends: [End; 3],
}

/// What becomes of the record.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It is loaded, and only this differs in its row.
    Loaded(Value),
    /// It is quarantined for these reasons, and its row is marked deleted.
    Quarantined(&'static [&'static str]),
    /// The collection is refused with this message, and nothing changes.
    Refused(&'static str),
}

use End::{Loaded, Quarantined, Refused};

pub const POLICIES: [&str; 3] = ["evolve", "quarantine", "freeze"];

fn change(what: &'static str, from: &'static str, to: &'static str, ends: [End; 3]) -> Change {
    Change { what, from, to, ends }
}

/// The policy makes no difference.
fn every(what: &'static str, from: &'static str, to: &'static str, end: End) -> Change {
    change(what, from, to, [end.clone(), end.clone(), end])
}

pub fn changes() -> Vec<Change> {
    const WEIGHT: &str = r#""weight_kg":180.5"#;
    const NAME: &str = r#""name":"Ada""#;
    const KIND: &str = r#""kind":{"species":"tapir","legs":4}"#;
    const LEGS: &str = r#""legs":4"#;
    const NO_NAME: &str = "name: required, but null or missing";
    const NO_ID: &str = "id: required, but null or missing";
    const COLOUR: &str = "colour: the contract does not name this field";
    const FROZEN: &str = "the contract does not name the field `colour`";
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
            "a known object gains a field",
            LEGS,
            r#""legs":4,"family":{"of":7}"#,
            [
                Loaded(json!({"_extra": {"kind.family": {"of": 7}}})),
                Quarantined(&["kind.family: the contract does not name this field"]),
                Refused("the contract does not name the field `kind.family`"),
            ],
        ),
        every("an optional field goes", r#","weight_kg":180.5"#, "", no_weight()),
        every("a required field goes", r#","name":"Ada""#, "", Quarantined(&[NO_NAME])),
        every("the key goes", r#""id":1,"#, "", Quarantined(&[NO_ID])),
        change(
            "an optional field is renamed",
            WEIGHT,
            r#""mass_kg":180.5"#,
            [
                Loaded(json!({"weight_kg": null, "_extra": {"mass_kg": 180.5}})),
                Quarantined(&["mass_kg: the contract does not name this field"]),
                Refused("the contract does not name the field `mass_kg`"),
            ],
        ),
        change(
            "a required field is renamed",
            NAME,
            r#""title":"Ada""#,
            [
                Quarantined(&[NO_NAME]),
                Quarantined(&["title: the contract does not name this field", NO_NAME]),
                Refused("the contract does not name the field `title`"),
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
        every("a whole number is written with a fraction of 0", LEGS, r#""legs":4.0"#, Loaded(json!({}))),
        every(
            "a whole number beyond 2^53 is written with a fraction of 0",
            LEGS,
            r#""legs":9007199254740993.0"#,
            Loaded(json!({"legs": 9_007_199_254_740_993_i64})),
        ),
        every(
            "a whole number gets a fraction",
            LEGS,
            r#""legs":4.5"#,
            Quarantined(&["kind.legs: expected an integer, found the number 4.5"]),
        ),
        every(
            "a day is written another way",
            r#""born_on":"2019-02-28""#,
            r#""born_on":"28.02.2019""#,
            Quarantined(&["born_on: `28.02.2019` is not a date (YYYY-MM-DD)"]),
        ),
        every(
            "a text outgrows its column",
            NAME,
            r#""name":"Ada of the north wing""#,
            Quarantined(&["name: 21 bytes, at most 16 fit"]),
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
            "a column of type json gets another shape",
            r#"["shy"]"#,
            r#"{"shy":true}"#,
            Loaded(json!({"tags": {"shy": true}})),
        ),
        every("null where an optional value was", WEIGHT, r#""weight_kg":null"#, no_weight()),
        every("null where a required value was", NAME, r#""name":null"#, Quarantined(&[NO_NAME])),
        every("null where an object was", KIND, r#""kind":null"#, no_kind()),
        every(
            "a known field occurs twice in a record",
            NAME,
            r#""name":"Ada","name":"Bo""#,
            Quarantined(&["name: written twice in one record"]),
        ),
        change(
            "an unknown field occurs twice in a record",
            r#""id":1"#,
            r#""id":1,"colour":"grey","colour":"pink""#,
            [Quarantined(&["colour: written twice in one record"]), Quarantined(&[COLOUR, COLOUR]), Refused(FROZEN)],
        ),
        every(
            "the key occurs twice in a response",
            RECORD,
            r#"{"id":1,"name":"Ada"},{"id":1,"name":"Ida"}"#,
            Refused("the key `1` occurs twice in one response, in records 1 and 2"),
        ),
        every("a record is null", RECORD, "null", Quarantined(&[NO_ID, NO_NAME])),
        every("a record is not an object", RECORD, "7", Quarantined(&["expected an object, found 7", NO_ID, NO_NAME])),
    ]
}
