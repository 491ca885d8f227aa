//! Personal data is only in `raw/`: not in tables, quarantined records, reasons, logs, manifests or lineage.

use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::program::Program;
use crate::support::zoo::Zoo;

const KEY: &str = "0123456789abcdef0123456789abcdef";
/// Part of every planted text.
const TEXT: &str = "pl4nted";
/// Part of every planted number.
const NUMBER: &str = "90917";

/// HMAC-SHA256 of `ada pl4nted` and of `pl4nted`, computed with Python's `hmac`.
const HASH: &str = "ccf411229688eb7c179a0254cdf456297b9c99197dccc842e59ff4a3c3254bdf";
const OTHER: &str = "eb8d0d029e777a2fe981868819750733c3b15a3e2006f04dc102f1dddd0e2482";

fn zoo() -> Zoo {
    let zoo = Zoo::empty();
    zoo.amend("base_url: http://zoo.example\n", "base_url: http://zoo.example\nhash_key: {secret: ZOO_HASHES}\n");
    zoo.amend("max_quarantine_share: 0.5", "max_quarantine_share: 1.0");
    zoo.amend(
        "    children:\n      animal_meals:",
        "      owner: {at: owner.email, type: string(64), personal: hash, doc: Hashed.}\n      \
         phone: {at: owner.phone, type: string(32), personal: mask, doc: Masked.}\n      \
         home: {at: owner.home, type: json, personal: drop, doc: Dropped.}\n    \
         children:\n      animal_meals:",
    );
    zoo.amend(
        "          grams: {type: double, doc: How much.}",
        "          grams: {type: double, doc: How much.}\n          \
         cook: {type: string(64), personal: hash, doc: Hashed.}",
    );
    zoo.amend("type: string(8), required: true, doc: The name", "type: string(8), personal: mask, doc: The name");
    zoo.amend(
        "      since: {type: date",
        "      email: {type: string(64), unique: true, personal: hash, doc: Hashed.}\n      since: {type: date",
    );
    zoo
}

fn with_key(program: Program) -> Program {
    program.secret(KEY).env("SOURCE_SECRETS", &json!({"ZOO_HASHES": KEY}).to_string()).option("--log-level", "debug")
}

/// Returns everything that the runs have written and that contains a planted value.
fn found(zoo: &Zoo) -> Vec<String> {
    let is_planted = |text: &str| text.contains(TEXT) || text.contains(NUMBER);
    let mut found = zoo.lake.keys("");
    found.retain(|key| is_planted(key) || is_planted(&zoo.lake.shown(key)));
    found.extend(zoo.database().texts().into_iter().filter(|row| is_planted(row)));
    found
}

/// Animals with a planted value at every place where the reader could keep or show it.
fn animals() -> String {
    let meals = |meal: &str| format!(r#"{{"id":1,"name":"A","meals":[{meal}]}}"#);
    let named = |fields: &str| format!(r#"{{"id":1,"name":"A",{fields}}}"#);
    let owner = |fields: &str| named(&format!(r#""owner":{{{fields}}}"#));
    let records = [
        // Loaded.
        r#"{"id":1,"name":"Ada","owner":{"email":" ada pl4nted ","phone":"pl4nted","home":{"street":"pl4nted"}},
            "meals":[{"food":"hay","cook":"ada pl4nted"}],"nicknames":["pl4nted-n",null],
            "Owner":{"Email":"pl4nted"},"owner.phone":"pl4nted","owner.phone.home":"pl4nted","other":1}"#
            .to_owned(),
        // Quarantined: names that occur twice, with escapes.
        owner(r#""email":"pl4nted","em\u0061il":"pl4nted","phone":"pl4nted","ph\u006fne":"pl4nted""#),
        // Values of other types.
        owner(r#""email":90917.5"#),
        owner(r#""email":{"pl4nted":"pl4nted"},"phone":["pl4nted"]"#),
        named(r#""owner":"pl4nted""#),
        named(r#""owner":[{"email":"pl4nted","home":"pl4nted"}]"#),
        named(r#""owner":90917"#),
        meals(r#"{"cook":90917}"#),
        meals(r#""pl4nted""#),
        named(r#""meals":{"cook":"pl4nted"}"#),
        named(r#""meals":{"0":{"cook":"pl4nted"}}"#),
        named(&format!(r#""nicknames":{}"pl4nted"{}"#, "[".repeat(50_000), "]".repeat(50_000))),
        named(r#""nicknames":[{"a":"pl4nted"}]"#),
        named(r#""nicknames":"pl4nted""#),
        // Refused for another reason.
        r#"{"id":2,"owner":{"email":"pl4nted","phone":"pl4nted","home":"pl4nted"},"nicknames":["pl4nted"]}"#.to_owned(),
        r#"{"id":3,"name":"\ud800","owner":{"email":"pl4nted","phone":"pl4nted\ud800"}}"#.to_owned(),
        r#"{"id":4,"name":"A","weight_kg":1e999,"owner":{"phone":"pl4nted"}}"#.to_owned(),
        r#"["pl4nted"]"#.to_owned(),
        r#""pl4nted""#.to_owned(),
        "90917".to_owned(),
    ];
    format!("[{}]", records.join(",\n"))
}

#[test]
fn a_search_of_everything_but_raw_finds_no_personal_data() {
    let zoo = zoo();
    zoo.set_text("animals", &animals());
    let keepers =
        json!([{"id": "kb", "name": "K", "email": "ada pl4nted"}, {"id": "lm", "name": 7, "email": "pl4nted"}]);
    zoo.set("keepers", &keepers);
    let only =
        |program: Program| with_key(program).option("--collections", "animals,keepers").secret(TEXT).secret(NUMBER);
    let made = only(zoo.transformation("r1")).run().done();
    let counts = |table: &Value| [table["read"].as_u64(), table["rows"].as_u64(), table["quarantined"].as_u64()];
    assert_eq!(counts(&made["collections"]["animals"]["tables"][0]), [20, 1, 19].map(Some));
    only(zoo.copy("r1")).run().done();
    assert_eq!(
        zoo.objects(
            "SELECT a.owner, phone, cook, nickname, a._extra, k.id AS keeper FROM zoo.animals AS a JOIN zoo.keepers AS k \
             ON k.email = a.owner JOIN zoo.animal_meals AS m ON m.animal_id = a.id JOIN zoo.animal_nicknames AS n \
             ON n.animal_id = a.id ORDER BY n.position LIMIT 1"
        ),
        [json!({
            "owner": HASH, "phone": "***", "cook": HASH, "nickname": "***", "keeper": "kb",
            "_extra": {"Owner": {"Email": OTHER}, "owner.phone": "***", "owner.phone.home": "***", "other": 1},
        })]
    );
    let columns =
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'animals' AND column_name = 'home'";
    assert_eq!(zoo.database().session(Role::Postgres).texts(columns), [""; 0]);
    // The search finds the values where they are.
    let raw = ["animals", "keepers"].map(|name| zoo.lake.raw("zoo", "r1", name));
    assert_eq!(found(&zoo), raw);
    // The replay removes them again, with the same result.
    only(zoo.raw("r1")).flag("--verify").run().done();
    only(zoo.raw("r1")).option("--run-id", "again").run().done();
    assert_eq!(only(zoo.copy("again")).run().done()["tables"]["animals"]["unchanged"], 1);
    assert_eq!(found(&zoo), raw);
}

/// Too many quarantined records are an error, which quotes some reasons.
#[test]
fn errors_and_reasons_show_no_personal_data() {
    let zoo = zoo();
    zoo.amend("max_quarantine_share: 1.0", "max_quarantine_share: 0.0");
    zoo.set_text("animals", &animals());
    let refused =
        with_key(zoo.transformation("r1")).option("--collections", "animals").secret(TEXT).secret(NUMBER).run();
    refused.refused(&["19 of 20 records do not fit the contract"]);
    zoo.amend("max_quarantine_share: 0.0", "max_quarantine_share: 1.0");
    zoo.amend(
        "    key: id\n    doc: One row an animal.",
        "    key: id\n    drift: freeze\n    doc: One row an animal.",
    );
    let refused =
        with_key(zoo.transformation("r2")).option("--collections", "animals").secret(TEXT).secret(NUMBER).run();
    refused.refused(&["the contract does not define the `Owner` field"]);
    assert!(found(&zoo).iter().all(|key| key.starts_with("raw/")), "{:?}", found(&zoo));
}

#[test]
fn a_missing_or_short_key_of_hashes_is_refused_before_any_request() {
    let zoo = zoo();
    zoo.set_text("animals", &animals());
    zoo.transformation("r1").run().refused(&["the contract needs the secret `ZOO_HASHES`, which is not set"]);
    let short = zoo.transformation("r1").secret("too short").env("ZOO_HASHES", "too short").run();
    short.refused(&["the secret `ZOO_HASHES` has 9 bytes; a key of hashes needs at least 32", "openssl rand -hex 32"]);
    assert_eq!(zoo.lake.objects(), [""; 0]);
}
