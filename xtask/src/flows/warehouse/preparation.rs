//! Prepares any warehouse: reads the current state, plans the statements, and runs them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::verifiers;
use crate::edge::aws::Aws;
use crate::edge::postgres::Login;
use crate::edge::redshift::Redshift;
use crate::warehouse::{EXISTING, Existing, Users, bootstrap, check_developers, plan};

#[derive(Debug)]
pub struct Preparation<'a> {
    connection: Connection<'a>,
    /// The statements in order; each is idempotent.
    pub statements: Vec<String>,
}

#[derive(Debug)]
enum Connection<'a> {
    DataApi(&'a Aws, Redshift),
    Wire(Login),
}

impl<'a> Preparation<'a> {
    /// Inspects a workgroup, changing nothing. The statements run as the user of `secret` (its ARN), or as the caller.
    pub fn redshift(
        aws: &'a Aws,
        (workgroup, database): (&str, &str),
        secret: Option<&str>,
        users: &Users,
        sources: &[String],
    ) -> Result<Self> {
        let redshift = Redshift::new(&aws.config, workgroup, database, secret);
        let mut lines = Vec::new();
        for sql in EXISTING {
            lines.extend(aws.wait(redshift.query(sql))?);
        }
        let statements = plan(sources, users, &Existing::read(lines));
        Ok(Self { connection: Connection::DataApi(aws, redshift), statements })
    }

    /// Inspects a server as an administrator, without changing it. Roles with a password will be able to log in.
    pub fn postgres(
        admin: Login,
        passwords: &BTreeMap<String, String>,
        sources: &[String],
        developers: &[String],
    ) -> Result<Self> {
        // A wrong address or password fails here.
        admin.query("SELECT 1")?;
        check_developers(developers)?;
        let statements = bootstrap(sources, &verifiers(passwords), developers);
        Ok(Self { connection: Connection::Wire(admin), statements })
    }

    pub fn apply(&self) -> Result<()> {
        match &self.connection {
            Connection::DataApi(aws, redshift) => aws.wait(redshift.execute(&self.statements)),
            Connection::Wire(admin) => admin.execute(&self.statements),
        }
        .context("the warehouse was only partly prepared; run the same command again")
    }
}
