//! The rules of SQL: what a statement may be, decided on its syntax tree.
//!
//! Where Redshift's message is not documented, the refusal is the emulator's own sentence. Redshift may accept more than the
//! rules named `unknown-…` and `not-emulated`: they refuse what the emulator has no translation for.

use super::Rule;

macro_rules! rules {
    ($($name:ident $id:literal $page:literal $summary:literal;)*) => {
        $(pub(crate) const $name: Rule = Rule {
            id: $id,
            page: concat!("https://docs.aws.amazon.com/redshift/latest/dg/", $page),
            summary: $summary,
        };)*
        /// All rules of this file.
        pub const SQL: &[Rule] = &[$($name),*];
    };
}

rules! {
    SYNTAX "syntax" "cm_chap_SQLCommandRef.html"
        "A statement has the syntax of its page; other options and clauses are refused";
    UNKNOWN_STATEMENT "unknown-statement" "c_SQL_commands.html"
        "Only statements that the emulator can translate are accepted";
    UNKNOWN_FUNCTION "unknown-function" "c_SQL_functions.html"
        "Only functions that Redshift has and the emulator can translate are accepted";
    UNKNOWN_CLAUSE "unknown-clause" "r_SELECT_synopsis.html"
        "Only clauses that Redshift has and the emulator can translate are accepted";
    UNKNOWN_EXPRESSION "unknown-expression" "r_expressions.html"
        "Only operators and expressions that Redshift has and the emulator can translate are accepted";
    UNKNOWN_TYPE "unknown-type" "c_Supported_data_types.html"
        "Only data types of Redshift are accepted";
    UNKNOWN_PARAMETER "unknown-parameter" "cm_chap_ConfigurationRef.html"
        "Only configuration parameters that Redshift has are accepted";
    UNKNOWN_DATE_PART "unknown-date-part" "r_Dateparts_for_datetime_functions.html"
        "Date functions accept only the documented date parts";
    NOT_EMULATED "not-emulated" "cm_chap_SQLCommandRef.html"
        "A documented form that the emulator cannot translate is refused";
    STATEMENT_BYTES "statement-bytes" "c_redshift-sql.html"
        "The text of a statement has at most 16 MB";

    IDENTIFIER_LENGTH "identifier-length" "r_names.html"
        "An identifier has at most 127 bytes: Redshift truncates longer table and column names; the emulator refuses them";
    RESERVED_WORD "reserved-word" "r_pg_keywords.html"
        "A reserved word is not an identifier unless it is in quotation marks";
    SYSTEM_COLUMN "system-column" "c_unsupported-postgresql-features.html"
        "The names of PostgreSQL's system columns cannot be used for columns";
    VARCHAR_LENGTH "varchar-length" "r_Character_types.html"
        "A VARCHAR has at most 65,535 bytes, a CHAR at most 4,096";
    DECIMAL_PRECISION "decimal-precision" "r_Numeric_types201.html"
        "A DECIMAL has a precision of at most 38 and a scale of at most 37";
    COLUMN_LIMIT "column-limit" "r_CREATE_TABLE_NEW.html"
        "A table has at most 1,600 columns";

    COMPUTE_NODE_FUNCTION "compute-node-function" "c_SQL_functions_compute_node_only.html"
        "LISTAGG, MEDIAN and PERCENTILE functions need at least one user-created table in the query";
    LEADER_NODE_FUNCTION "leader-node-function" "c_SQL_functions_leader_node_only.html"
        "Leader-node-only functions cannot be used with user-created tables or system tables";
    LEADER_NODE_CATALOG "leader-node-catalog" "c_join_PG.html"
        "SVV_TABLE_INFO and SVV_REDSHIFT_COLUMNS cannot be read together with PG_VIEWS";

    TRANSACTION_VACUUM "transaction-vacuum" "r_VACUUM_command.html"
        "VACUUM cannot run in a transaction block";
    TRANSACTION_ALTER_COLUMN "transaction-alter-column" "r_ALTER_TABLE.html"
        "ALTER TABLE … ALTER COLUMN cannot run in a transaction block";
    TRANSACTION_DATABASE "transaction-database" "r_CREATE_DATABASE.html"
        "CREATE DATABASE and DROP DATABASE cannot run in a transaction block";
    TRANSACTION_APPEND "transaction-append" "r_ALTER_TABLE_APPEND.html"
        "ALTER TABLE APPEND cannot run in a transaction block";
    TRANSACTION_EXTERNAL_TABLE "transaction-external-table" "r_CREATE_EXTERNAL_TABLE.html"
        "CREATE EXTERNAL TABLE cannot run in a transaction block";

    MERGE_SOURCE "merge-source" "r_MERGE.html"
        "The source of a MERGE is a table, and not its target";
    MERGE_TARGET_ALIAS "merge-target-alias" "r_MERGE.html"
        "The target of a MERGE has no alias";
    MERGE_EQUALITY "merge-equality" "r_MERGE.html"
        "The condition of a MERGE consists of equality predicates on columns of source and target";
    MERGE_BRANCHES "merge-branches" "r_MERGE.html"
        "A MERGE has WHEN MATCHED THEN UPDATE or DELETE, and WHEN NOT MATCHED THEN INSERT, in this order";
    MERGE_CONDITION "merge-condition" "r_MERGE.html"
        "The branches of a MERGE have no conditions";
    MERGE_WITH "merge-with" "r_MERGE.html"
        "MERGE has no WITH clause";
    MERGE_SUPER "merge-super" "r_MERGE.html"
        "MERGE cannot refer to parts of a SUPER column";

    ADD_COLUMN "add-column" "c_redshift-sql-implementated-differently.html"
        "ALTER TABLE adds one column a statement, without IF NOT EXISTS";
    ALTER_COLUMN_TYPE "alter-column-type" "r_ALTER_TABLE.html"
        "ALTER COLUMN TYPE only changes the size of a VARCHAR";
    UNSUPPORTED_OBJECT "unsupported-object" "c_unsupported-postgresql-features.html"
        "Redshift has no indexes, sequences, triggers, domains, types, rules, extensions, tablespaces or foreign servers";
    UNSUPPORTED_TABLE "unsupported-table" "c_redshift-sql-implementated-differently.html"
        "Redshift has no unlogged, inherited or partitioned tables, tablespaces or storage parameters";
    UNSUPPORTED_CONSTRAINT "unsupported-constraint" "c_unsupported-postgresql-features.html"
        "Redshift has no CHECK or EXCLUDE constraints";
    DISTRIBUTION_KEY "distribution-key" "r_CREATE_TABLE_NEW.html"
        "A DISTKEY needs DISTSTYLE KEY, and DISTSTYLE KEY needs one DISTKEY";
    SUPER_KEY "super-key" "limitations-super.html"
        "A SUPER column cannot be a distribution or sort key";

    ON_CONFLICT "on-conflict" "r_INSERT_30.html"
        "INSERT has no ON CONFLICT";
    RETURNING "returning" "r_INSERT_30.html"
        "INSERT, UPDATE and DELETE have no RETURNING";
    WITH_INSERT "with-insert" "r_WITH_clause.html"
        "WITH cannot precede INSERT; it belongs to the inserted query";
    UPDATE_JOIN "update-join" "r_UPDATE.html"
        "UPDATE and DELETE have no outer joins with their FROM and USING";
    ASSIGNMENT_TARGET "assignment-target" "r_UPDATE.html"
        "SET assigns to single columns, without the name of the table";
    VALUES_TABLE "values-table" "c_unsupported-postgresql-features.html"
        "VALUES is not a table; it only occurs in INSERT";

    DISTINCT_ON "distinct-on" "r_SELECT_list.html"
        "SELECT has no DISTINCT ON";
    AGGREGATE_FILTER "aggregate-filter" "c_Aggregate_Functions.html"
        "Aggregates have no FILTER clause";
    LATERAL "lateral" "r_FROM_clause30.html"
        "FROM has no LATERAL";
    ROW_LOCK "row-lock" "r_SELECT_synopsis.html"
        "SELECT has no FOR UPDATE or FOR SHARE";
    SET_OPERATION_ALL "set-operation-all" "r_UNION.html"
        "ALL follows only UNION, not INTERSECT, EXCEPT or MINUS";
    IS_DISTINCT_FROM "is-distinct-from" "c_unsupported-postgresql-functions.html"
        "There is no IS DISTINCT FROM";
    ARRAY "array" "c_unsupported-postgresql-datatypes.html"
        "There are no PostgreSQL arrays, array constructors or ANY and ALL over arrays";
    JSON_OPERATOR "json-operator" "c_unsupported-postgresql-datatypes.html"
        "Types json and jsonb and their operators are not supported; SUPER is navigated with dots and brackets";
    WINDOW_FRAME "window-frame" "c_Window_functions.html"
        "Aggregates over a window with ORDER BY need a frame, and a frame is in ROWS";
    WINDOW_CLAUSE "window-clause" "c_Window_functions.html"
        "Windows are not named: there is no WINDOW clause";

    LATE_BINDING_SCHEMA "late-binding-schema" "r_CREATE_VIEW.html"
        "A view WITH NO SCHEMA BINDING refers to tables and views with their schema";
    MATERIALIZED_VIEW_QUERY "materialized-view-query" "materialized-view-create-sql-command.html"
        "A materialized view has no ORDER BY, LIMIT, OFFSET, system tables or leader-node-only functions";
    MATERIALIZED_VIEW_MUTABLE "materialized-view-mutable" "materialized-view-create-sql-command.html"
        "A materialized view with AUTO REFRESH YES has no mutable functions";
    MATERIALIZED_VIEW_OPTION "materialized-view-option" "materialized-view-create-sql-command.html"
        "A materialized view has DISTSTYLE EVEN, ALL or KEY, and no encodings";

    COPY_COLUMNAR_OPTION "copy-columnar-option" "copy-usage_notes-copy-from-columnar.html"
        "COPY from Parquet accepts only the documented parameters";
}
