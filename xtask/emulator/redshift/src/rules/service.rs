//! The rules of the warehouse's sessions, of COPY, and of the Data API. Those of SQL's syntax are elsewhere.
//!
//! Where Redshift's message is not documented, the refusal is the emulator's own sentence.

use super::{Disabled, Refusal, Rule};

macro_rules! rules {
    ($($name:ident $id:literal $page:literal $summary:literal;)*) => {
        $(pub(crate) const $name: Rule = Rule { id: $id, page: $page, summary: $summary };)*
        /// All rules of this file.
        pub const SERVICE: &[Rule] = &[$($name),*];
    };
}

rules! {
    BATCH_SIZE "batch-size"
        "https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html"
        "A batch has 1 to 40 statements";
    STATEMENT_SIZE "statement-size"
        "https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html"
        "The text of a statement has at most 100 KB";
    SINGLE_STATEMENT "single-statement"
        "https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html"
        "Each text of the Data API is a single statement";
    CLIENT_TOKEN "client-token"
        "https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html"
        "A client token has 1 to 64 characters, is remembered for 8 hours, and belongs to one request";
    WAIT_TIME "wait-time"
        "https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_DescribeStatement.html"
        "WaitTimeSeconds is 1 to 30";
    RESULT_ROW_SIZE "result-row-size"
        "https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html"
        "A row of a result has less than 64 KB";
    STATEMENT_OWNER "statement-owner"
        "https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-access.html"
        "Only the identity that ran a statement can describe or cancel it, or fetch its result";
    IAM_USER_WITHOUT_GRANTS "iam-user-without-grants"
        "https://docs.aws.amazon.com/redshift/latest/mgmt/generating-user-credentials.html"
        "The database user of an IAM identity is created automatically and has no permissions";
    UPDATE_CONFLICT "update-conflict"
        "https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html"
        "Of two concurrent transactions that change the same row, the second one fails";
    TABLE_AFTER_SNAPSHOT "table-after-snapshot"
        "https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html"
        "A transaction cannot use a table that was created after its snapshot";
    TRUNCATE_COMMITS "truncate-commits"
        "https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html"
        "TRUNCATE commits the transaction in which it is run";
    NO_KEY_ENFORCEMENT "no-key-enforcement"
        "https://docs.aws.amazon.com/redshift/latest/dg/t_Defining_constraints.html"
        "Primary keys, unique constraints and foreign keys are not enforced";
    VARCHAR_BYTES "varchar-bytes"
        "https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html"
        "The length of a VARCHAR counts bytes";
    BOOLEAN_CAST "boolean-cast"
        "https://github.com/dbt-labs/dbt-utils/issues/1016"
        "A BOOLEAN cannot be cast to VARCHAR";
    SUPER_SIZE "super-size"
        "https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html"
        "A SUPER value has at most 16 MB";
    SUPER_STRING "super-string"
        "https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html"
        "A string in a SUPER value has at most 65,535 bytes";
    COPY_ROLE "copy-role"
        "https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-authorization.html"
        "The role of a COPY is the namespace's default role or one that is associated with the namespace";
    COPY_MANIFEST_MANDATORY "copy-manifest-mandatory"
        "https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html"
        "Without `mandatory` in its entry, COPY skips a missing file silently";
    COPY_CONTENT_LENGTH "copy-content-length"
        "https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html"
        "The entry of a Parquet file has the file's size in `meta.content_length`";
    COPY_FILE_NAME "copy-file-name"
        "https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html"
        "A file whose name ends in .gz, .snappy or .bz2 is decompressed before it is read";
    COPY_COLUMN_COUNT "copy-column-count"
        "https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html"
        "The file has as many columns as COPY loads";
    COPY_COLUMN_TYPE "copy-column-type"
        "https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html"
        "A Parquet column has the type of the table's column at its position";
    COPY_ROW_SIZE "copy-row-size"
        "https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html"
        "A row has at most 4 MB";
}

impl Rule {
    /// The refusal by this rule, as an error of the warehouse.
    pub(crate) fn refusal(&self, message: impl Into<String>) -> Refusal {
        Refusal { rule: self.id, message: message.into(), sqlstate: "XX000" }
    }
}

impl Disabled {
    /// Whether a rule is in effect.
    pub(crate) fn enforces(&self, rule: &Rule) -> bool {
        !self.0.contains(rule.id)
    }
}
