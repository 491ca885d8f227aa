//! The options of `cargo xtask conform`.

use clap::Args;

use super::options::Common;

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n\
    \x20 cargo xtask conform redshift://dpstack-workgroup/scratch\n\
    \x20 cargo xtask conform --env dev --bucket my-bucket --only copy-values\n\
    \x20 cargo xtask conform --page --check")]
pub struct Conform {
    /// redshift://workgroup/database (default: the workgroup and the database in the settings)
    #[arg(value_name = "WAREHOUSE")]
    pub warehouse: Option<String>,
    /// ARN of the administrator's secret, for the checks that need the administrator
    #[arg(long, value_name = "ARN")]
    pub admin_secret: Option<String>,
    /// Bucket for the checks of COPY; objects are written below conform/ and deleted
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// IAM role of COPY (default: the namespace's default role)
    #[arg(long, value_name = "ARN")]
    pub copy_role: Option<String>,
    /// Run only the check with this ID; repeatable
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Record the results in xtask/conformance/results.yaml; not for an emulator
    #[arg(long)]
    pub record: bool,
    /// Write docs/redshift-conformance.md instead of running the checks
    #[arg(long, conflicts_with_all = ["warehouse", "record", "only"])]
    pub page: bool,
    /// Do not write the page; fail if it is out of date
    #[arg(long, requires = "page")]
    pub check: bool,
    #[command(flatten)]
    pub common: Common,
}
