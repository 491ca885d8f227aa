//! Any warehouse made ready: what is there, what is to be done, and doing it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::verifiers;
use crate::edge::aws::Aws;
use crate::edge::postgres::Login;
use crate::edge::redshift::Redshift;
use crate::failure::Failure;
use crate::settings::Variables;
use crate::warehouse::{Address, Found, Users, WHAT_IS_THERE, bootstrap, plan};

/// Who the three roles are.
#[derive(Debug)]
pub enum Who {
    /// IAM roles and users; the statements run as the user of this secret (its ARN), or as the caller.
    Iam { users: Users, secret: Option<String> },
    /// The roles themselves, those with a password here may log in; the statements run with the password `admin`.
    Passwords { roles: BTreeMap<String, String>, admin: String },
}

/// A warehouse that was looked at, and the statements that make it ready.
#[derive(Debug)]
pub struct Ready {
    reach: Reach,
    /// In order; each may run again.
    pub statements: Vec<String>,
}

#[derive(Debug)]
enum Reach {
    DataApi(Box<Aws>, Redshift),
    Wire(Login),
}

impl Ready {
    /// Looks at a warehouse, in Redshift that of a region, which may be the environment's; nothing is changed.
    pub fn plan(
        address: &Address,
        who: &Who,
        source: &str,
        variables: &Variables,
        region: Option<&str>,
    ) -> Result<Self> {
        match (address, who) {
            (Address::Redshift { workgroup, database }, Who::Iam { users, secret }) => {
                let aws = Aws::open(variables, region)?;
                let redshift = Redshift::new(&aws.config, workgroup, database, secret.as_deref());
                let mut lines = Vec::new();
                for sql in WHAT_IS_THERE {
                    lines.extend(aws.wait(redshift.query(sql))?);
                }
                let statements = plan(source, users, &Found::read(lines));
                Ok(Self { reach: Reach::DataApi(Box::new(aws), redshift), statements })
            }
            (Address::Postgres { host, port, user, database, tls }, Who::Passwords { roles, admin }) => {
                let login = Login::new(host, *port, user, admin, database).with_tls(tls.clone());
                // So that a wrong address or password shows now.
                login.query("SELECT 1")?;
                Ok(Self { reach: Reach::Wire(login), statements: bootstrap(source, &verifiers(roles)) })
            }
            _ => Err(Failure::new("Redshift knows IAM roles, PostgreSQL knows passwords").into()),
        }
    }

    /// Runs the statements.
    pub fn apply(&self) -> Result<()> {
        match &self.reach {
            Reach::DataApi(aws, redshift) => aws.wait(redshift.execute(&self.statements)),
            Reach::Wire(login) => login.execute(&self.statements),
        }
        .context("the warehouse is not ready; the same command may run again")
    }
}
