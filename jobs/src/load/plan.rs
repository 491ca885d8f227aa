//! One load, and the statements before its transaction: they fill the staging tables, compute and count the deltas.

use contract::{Contract, RECORD, RunId, Table, Type};

use super::batch::unions;
use super::retired::Retired;
use super::sql::{Dialect, Statement, literal};
use crate::limits::KEY_BYTES;
use crate::receipt::Receipt;
use crate::table::file_columns;

/// The names of an attempt's tables: two loads never share a name, and the tables of a failed load can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageNames {
    pub schema: String,
    /// Twelve hexadecimal digits, derived from the run and the attempt.
    pub token: String,
}

impl StageNames {
    pub fn new(source: &str, run: &RunId, attempt: &str) -> Self {
        let token = twox_hash::XxHash3_64::oneshot(format!("{run}/{attempt}").as_bytes());
        Self { schema: format!("staging_{source}"), token: format!("{token:016x}")[..12].to_owned() }
    }

    /// Returns the name of the staging table for the run's rows, without its schema.
    pub fn stage(&self, table: &str) -> String {
        format!("{table}__s_{}", self.token)
    }

    /// Returns the name of the delta table for the run's changes, without its schema.
    pub fn delta(&self, table: &str) -> String {
        format!("{table}__d_{}", self.token)
    }

    /// Returns the token in the name of an attempt's table.
    pub fn token_of(table: &str) -> Option<&str> {
        let (_, end) = table.rsplit_once("__")?;
        let token = end.strip_prefix("s_").or_else(|| end.strip_prefix("d_"))?;
        (token.len() == 12 && token.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(token)
    }
}

/// One load: everything that its statements depend on.
#[derive(Clone, Debug)]
pub struct Plan<'c> {
    pub dialect: Dialect,
    /// The source's contract; the source is also the target schema.
    pub contract: &'c Contract,
    pub run: &'c RunId,
    pub names: StageNames,
    pub loaded_at: String,
    /// When the run's oldest response was requested: RFC 3339 in UTC.
    pub fetched_at: String,
    pub tables: Vec<Table<'c>>,
    pub receipts: &'c [Receipt],
    pub retired: Vec<Retired>,
}

impl Plan<'_> {
    /// Creates the empty staging table of one table, with the columns of its Parquet files.
    pub fn create_stage(&self, table: &Table<'_>) -> Statement {
        let column = |(name, kind, _): (&str, Type, bool)| format!("    {name} {}", self.dialect.staged_type(kind));
        let columns: Vec<String> = file_columns(table).into_iter().map(column).collect();
        let name = self.names.stage(table.name);
        let sql = format!("CREATE TABLE {}.{name} (\n{}\n)", self.names.schema, columns.join(",\n"));
        Statement::new(format!("create the staging table for {}", table.name), sql)
    }

    /// Copies exactly the files in the manifest into a staging table.
    ///
    /// COPY assigns Parquet columns by position, so the column list must have the same order as the files; the
    /// validation has checked this order. The staging table is read once, so COPY does not compute statistics.
    pub fn copy(&self, table: &Table<'_>, manifest: &str, role: &str) -> Statement {
        let columns: Vec<&str> = file_columns(table).into_iter().map(|(name, _, _)| name).collect();
        let role = if role == "default" { role.to_owned() } else { literal(role) };
        let sql = format!(
            "COPY {}.{} ({})\nFROM {}\nIAM_ROLE {role}\nFORMAT AS PARQUET\nMANIFEST\nSTATUPDATE OFF",
            self.names.schema,
            self.names.stage(table.name),
            columns.join(", "),
            literal(manifest),
        );
        Statement::new(format!("copy into the staging table for {}", table.name), sql)
    }

    pub fn create_delta(&self, table: &Table<'_>) -> Statement {
        let mut file_columns = file_columns(table);
        file_columns.retain(|(name, ..)| *name != RECORD);
        let listed = |column: &dyn Fn(&str, Type) -> String| {
            let columns: Vec<String> = file_columns.iter().map(|(name, kind, _)| column(name, *kind)).collect();
            columns.join(", ")
        };
        // A column must have the same name and type in both halves of the union.
        let fresh = listed(&|name, kind| match (self.dialect, kind) {
            (Dialect::Redshift, Type::Json) => format!("JSON_PARSE(fresh.{name}) AS {name}"),
            _ => format!("fresh.{name}"),
        });
        let run = self.dialect.cast(self.run.as_str(), Type::String(64));
        let now = self.instant(&self.loaded_at);
        let first = table.key[0];
        let on: Vec<String> = table.key.iter().map(|key| format!("live.{key} = fresh.{key}")).collect();
        let sql = format!(
            "CREATE TABLE {schema}.{delta} AS\n\
             SELECT CASE WHEN live.{first} IS NULL THEN 'inserted' WHEN live._deleted_at IS NOT NULL THEN 'revived' \
             ELSE 'updated' END AS _change,\n    {fresh}, {run} AS _run_id, {now} AS _loaded_at, \
             CAST(NULL AS timestamp) AS _deleted_at\n\
             FROM {schema}.{stage} AS fresh LEFT JOIN {target} AS live ON {on}\n\
             WHERE live.{first} IS NULL OR live._row_hash <> fresh._row_hash OR live._deleted_at IS NOT NULL{deleted}",
            schema = self.names.schema,
            delta = self.names.delta(table.name),
            stage = self.names.stage(table.name),
            target = self.target(table),
            on = on.join(" AND "),
            deleted = self.possibly_deleted(table).map_or(String::new(), |possibly| format!(
                "\nUNION ALL\n\
                 SELECT 'deleted' AS _change,\n    {live}, {run} AS _run_id, {now} AS _loaded_at, {now} AS _deleted_at\n\
                 FROM {possibly} LEFT JOIN {stage} AS fresh ON {on}\n\
                 WHERE fresh.{first} IS NULL AND live._deleted_at IS NULL",
                live = listed(&|name, _| format!("live.{name}")),
                stage = self.staged(table.name),
                on = on.join(" AND "),
            )),
        );
        Statement::new(format!("compute the changes in {}", table.name), sql)
    }

    /// Returns the live rows that are deleted if the run does not have them: all of them, or for a part only the elements of
    /// its records.
    fn possibly_deleted(&self, table: &Table<'_>) -> Option<String> {
        let live = format!("{} AS live", self.target(table));
        match (table.child, self.contract.collections.get(table.collection)) {
            _ if !self.is_part(table) => Some(live),
            (Some(child), Some(parent)) => Some(format!(
                "{live} JOIN {} AS parent ON parent.{} = live.{}",
                self.staged(table.collection),
                parent.key,
                child.parent_key
            )),
            _ => None,
        }
    }

    /// Drops the deltas, so that they can be computed again.
    pub fn drop_deltas(&self) -> Statement {
        drop_tables(&self.names.schema, self.tables.iter().map(|table| self.names.delta(table.name)))
    }

    pub fn drop_staging_tables(&self) -> Statement {
        let names = self.tables.iter().flat_map(|table| [self.names.stage(table.name), self.names.delta(table.name)]);
        drop_tables(&self.names.schema, names)
    }

    /// Counts each table's changes, the keys that occur twice in them, and the rows of reduced staging tables: the columns
    /// table, change and count.
    pub fn count_changes(&self) -> Vec<Statement> {
        let counts = self.tables.iter().map(|table| {
            let (name, key) = (table.name, table.key.join(", "));
            let delta = format!("{}.{}", self.names.schema, self.names.delta(name));
            format!(
                "SELECT '{name}' AS table_name, _change, count(*) AS changes FROM {delta} GROUP BY _change\nUNION ALL\n\
                 SELECT '{name}' AS table_name, 'repeated' AS _change, count(*) AS changes \
                 FROM (SELECT {key} FROM {delta} GROUP BY {key} HAVING count(*) > 1) AS twice{staged}",
                staged = if table.is_numbered {
                    let stage = self.staged(name);
                    format!("\nUNION ALL\nSELECT '{name}' AS table_name, 'staged' AS _change, count(*) AS changes FROM {stage}")
                } else {
                    String::new()
                },
            )
        });
        unions("count the changes", "", counts)
    }

    /// Names up to three keys that occur twice in the run: the columns table and key. Those of a child table repeat
    /// only if its parent's do.
    pub fn find_repeated_keys(&self) -> Statement {
        let text = self.dialect.type_name(Type::String(KEY_BYTES as u32));
        let parents = self.tables.iter().filter(|table| table.child.is_none()).map(|table| {
            let (name, key, stage) = (table.name, table.key.join(", "), self.names.stage(table.name));
            format!(
                "SELECT '{name}' AS table_name, CAST({key} AS {text}) AS repeated_key FROM {}.{stage} \
                 GROUP BY {key} HAVING count(*) > 1",
                self.names.schema
            )
        });
        let parents: Vec<String> = parents.collect();
        let sql = format!("{}\nORDER BY table_name, repeated_key LIMIT 3", parents.join("\nUNION ALL\n"));
        Statement::new("search for keys that occur twice", sql)
    }

    pub(super) fn target(&self, table: &Table<'_>) -> String {
        format!("{}.{}", self.contract.source, table.name)
    }

    /// Converts RFC 3339 in UTC to a timestamp without time zone.
    pub(super) fn instant(&self, time: &str) -> String {
        let plain = time.trim_end_matches('Z').replace('T', " ");
        self.dialect.cast(&plain, Type::Timestamp)
    }
}

/// Drops tables of the staging schema; those that do not exist are ignored.
pub fn drop_tables(schema: &str, names: impl IntoIterator<Item = String>) -> Statement {
    let names: Vec<String> = names.into_iter().map(|name| format!("{schema}.{name}")).collect();
    Statement::new("drop staging tables", format!("DROP TABLE IF EXISTS {}", names.join(", ")))
}

#[cfg(test)]
#[path = "../../tests/unit/load/plan.rs"]
mod tests;
