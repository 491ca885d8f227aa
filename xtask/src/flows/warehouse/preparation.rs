//! Preparing any warehouse: the current state, the statements, and running them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::verifiers;
use crate::edge::aws::Aws;
use crate::edge::postgres::Login;
use crate::edge::redshift::Redshift;
use crate::failure::Failure;
use crate::settings::Variables;
use crate::warehouse::{Address, EXISTING, Existing, Users, bootstrap, plan};

#[derive(Debug)]
pub enum Who {
    /// IAM roles and users. The statements run as the user of this secret (its ARN), or as the caller.
    Iam { users: Users, secret: Option<String> },
    /// The roles themselves; those with a password can log in. The statements run with the password `admin`.
    Passwords { roles: BTreeMap<String, String>, admin: String },
}

#[derive(Debug)]
pub struct Preparation {
    connection: Connection,
    pub statements: Vec<String>,
}

#[derive(Debug)]
enum Connection {
    DataApi(Box<Aws>, Redshift),
    Wire(Login),
}

impl Preparation {
    /// Inspects a warehouse, without changes. `region` is for Redshift; without it, the environment's is used.
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
                for sql in EXISTING {
                    lines.extend(aws.wait(redshift.query(sql))?);
                }
                let statements = plan(source, users, &Existing::read(lines));
                Ok(Self { connection: Connection::DataApi(Box::new(aws), redshift), statements })
            }
            (Address::Postgres { host, port, user, database, tls }, Who::Passwords { roles, admin }) => {
                let login = Login::new(host, *port, user, admin, database).with_tls(tls.clone());
                // A wrong address or password fails here.
                login.query("SELECT 1")?;
                Ok(Self { connection: Connection::Wire(login), statements: bootstrap(source, &verifiers(roles)) })
            }
            _ => Err(Failure::new("Redshift needs IAM roles, PostgreSQL needs passwords").into()),
        }
    }

    pub fn apply(&self) -> Result<()> {
        match &self.connection {
            Connection::DataApi(aws, redshift) => aws.wait(redshift.execute(&self.statements)),
            Connection::Wire(login) => login.execute(&self.statements),
        }
        .context("the warehouse is only partly prepared; run the same command again")
    }
}
