//! Transactions of several sessions: SNAPSHOT isolation and its conflicts.

use redshift_emulator::User;
use redshift_emulator::engine::ConflictMessage;
use serde_json::{Value, json};

use super::Bench;

impl Bench {
    /// Executes `first` in a transaction that commits after the snapshot of a second one, in which `then` is executed.
    pub fn interleaved(&self, first: &str, then: &str) -> Result<Value, String> {
        let engine = self.emulator.engine();
        let both = async {
            let mut one = engine.session(&User::Admin).await?;
            let mut two = engine.session(&User::Admin).await?;
            two.begin().await?;
            two.execute("SELECT count(*) FROM pg_class").await?;
            one.execute(first).await?;
            two.execute(then).await?;
            two.commit().await
        };
        let done = self.emulator.block_on(both).expect("a running emulator");
        done.map(|()| json!({})).map_err(|failed| failed.to_string())
    }
}

#[test]
fn a_conflict_is_reported_with_a_number_or_in_a_sentence() {
    for (message, expected) in [
        (ConflictMessage::Number, "ERROR: 1023 DETAIL: Serializable isolation violation on table"),
        (ConflictMessage::Sentence, "ERROR: could not complete because of conflict with concurrent transaction"),
    ] {
        let bench = Bench::with(|settings| settings.engine.conflict_message = message);
        bench.run("CREATE TABLE counted (n int)").expect("a table");
        bench.run("INSERT INTO counted VALUES (1)").expect("a row");
        let error = bench.interleaved("UPDATE counted SET n = 2", "UPDATE counted SET n = 3").expect_err("a conflict");
        assert!(error.starts_with(expected), "{error}");
        bench.interleaved("INSERT INTO counted VALUES (5)", "INSERT INTO counted VALUES (6)").expect("no conflict");
    }
}

#[test]
fn a_transaction_may_use_and_drop_its_own_tables_and_changed_ones() {
    let bench = Bench::new();
    let sqls = ["CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)", "DROP TABLE t", "SELECT 1"];
    bench.batch(&sqls, &json!({})).expect("a batch");
    bench.run("CREATE TABLE u (n int)").expect("a table");
    bench.interleaved("GRANT SELECT ON u TO PUBLIC", "SELECT * FROM u").expect("the table is older");
}

#[test]
fn the_snapshot_is_taken_by_the_first_query_or_at_the_start() {
    for first in [false, true] {
        let bench = Bench::with(|settings| settings.engine.snapshot_first = first);
        bench.run("CREATE TABLE t (n int)").expect("a table");
        let engine = bench.emulator.engine();
        let counted = bench.emulator.block_on(async {
            let mut one = engine.session(&User::Admin).await?;
            let mut two = engine.session(&User::Admin).await?;
            two.begin().await?;
            one.execute("INSERT INTO t VALUES (1)").await?;
            two.execute("LOCK t").await?;
            two.execute("SELECT count(*) FROM t").await
        });
        let counted = counted.expect("a running emulator").expect("a count");
        assert_eq!(counted[0].rows, [[Some(if first { "0" } else { "1" }.to_owned())]]);
    }
}

#[test]
fn a_user_of_an_iam_role_is_created_by_its_first_session() {
    let bench = Bench::new();
    let name = format!("IAMR:first-{}", std::process::id());
    let user = User::Iam(name.clone());
    let engine = bench.emulator.engine();
    let found = bench.emulator.block_on(async {
        let (one, two) = tokio::join!(engine.session(&user), engine.session(&user));
        two?;
        one?.execute("SELECT current_user").await
    });
    assert_eq!(found.expect("a running emulator").expect("a user")[0].rows, [[Some(name.clone())]]);
    bench.database.run(&format!("DROP USER \"{name}\""));
}
