//! The rules that the wire protocol and the catalog enforce.

use crate::catalog::SUPERUSER_VIEWS;
use crate::rules::Rule;

/// See [`RULES`].
pub const REQUIRE_SSL: &str = "require-ssl";
/// See [`RULES`].
pub const CLIENT_TIMEOUT: &str = "client-timeout";

/// The rules of this part.
pub const RULES: &[Rule] = &[
    Rule {
        id: REQUIRE_SSL,
        page: "https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html",
        summary: "a workgroup with `require_ssl` accepts only connections with TLS",
    },
    Rule {
        id: CLIENT_TIMEOUT,
        page: "https://github.com/aws/amazon-redshift-python-driver/blob/master/redshift_connector/core.py",
        summary: "`timeout` of redshift_connector, dbt's `connect_timeout`, stays the timeout of the socket: a statement that \
                  takes longer is cancelled when the client disconnects",
    },
    Rule {
        id: SUPERUSER_VIEWS,
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLE_INFO.html",
        summary: "system views that are visible only to superusers need a grant of SELECT",
    },
    Rule {
        id: "materialized-view-over-view",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-create-sql-command.html",
        summary: "a materialized view cannot reference standard or late-binding views",
    },
    Rule {
        id: "late-binding-comment",
        page: "https://docs.aws.amazon.com/redshift/latest/dg/r_COMMENT.html",
        summary: "columns of late-binding views cannot have comments",
    },
];
