//! The VPC: three zones, each with a public and a private subnet. Airflow, the jobs and the warehouse use the private ones.

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::airflow::Airflow;
use super::batch::Batch;
use super::check::Findings;
use super::warehouse::Warehouse;

/// AWS reserves the first four addresses of a subnet and the last (Amazon VPC User Guide, "Subnet sizing for IPv4").
const RESERVED_BY_AWS: u32 = 5;

/// The VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Private address block of the VPC (RFC 1918), from /16 to /28.
    pub cidr: String,
    /// Letters of the three availability zones: Redshift with enhanced VPC routing requires three. The letters differ
    /// between accounts; `aws ec2 describe-availability-zones` lists them.
    #[schemars(length(min = 3, max = 3))]
    pub zones: Vec<String>,
    /// Address blocks of the public subnets, which contain only NAT gateways: one per zone, in the order of `zones`.
    #[schemars(length(min = 3, max = 3))]
    pub public_subnets: Vec<String>,
    /// Address blocks of the private subnets, one per zone, in the order of `zones`.
    #[schemars(length(min = 3, max = 3))]
    pub private_subnets: Vec<String>,
    /// Number of NAT gateways: 1 is cheapest, but unavailable if its zone fails; 3 is one per zone. Each is billed per
    /// hour and per gigabyte.
    #[schemars(range(min = 1, max = 3))]
    pub nat_gateways: u32,
    /// AWS services that are reached through an interface endpoint instead of a NAT gateway; each endpoint is billed
    /// per hour and zone. S3 always has a gateway endpoint, which is free.
    pub endpoints: Vec<Endpoint>,
    /// Number of days to keep flow logs; one of the CloudWatch Logs retention periods.
    pub flow_log_days: u32,
}

/// A service with an interface endpoint. The value is the last part of the service name,
/// `com.amazonaws.<region>.<value>` (AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// AWS Batch, for submitting jobs.
    Batch,
    /// ECR, for authorization.
    #[serde(rename = "ecr.api")]
    EcrApi,
    /// ECR, for pulling images.
    #[serde(rename = "ecr.dkr")]
    EcrDkr,
    /// AWS KMS, for encryption keys.
    Kms,
    /// CloudWatch Logs, for job and Airflow logs.
    Logs,
    /// CloudWatch, for Airflow metrics.
    Monitoring,
    /// The Redshift Data API, which `copy` uses to run statements.
    RedshiftData,
    /// Redshift Serverless, for dbt's database credentials.
    RedshiftServerless,
    /// Secrets Manager, for passwords.
    Secretsmanager,
    /// SQS, for the queue of Airflow's workers.
    Sqs,
    /// STS, for temporary role credentials.
    Sts,
}

impl Network {
    pub(super) fn check(&self, warehouse: &Warehouse, batch: &Batch, airflow: &Airflow, found: &mut Findings<'_>) {
        let vpc = block(&self.cidr, "network.cidr", found);
        // Amazon VPC User Guide, "VPC CIDR blocks", recommends RFC 1918 blocks; our rule requires them.
        let fix = "is not private; use a block within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16";
        found.must(vpc.is_none_or(|vpc| vpc.network().is_private()), "network.cidr", fix);
        self.check_zones(found);
        let mut taken: Vec<(String, Ipv4Net)> = Vec::new();
        for (key, subnets, needed) in [
            ("public_subnets", &self.public_subnets, RESERVED_BY_AWS + 1),
            ("private_subnets", &self.private_subnets, self.needed(warehouse, batch, airflow)),
        ] {
            let path = format!("network.{key}");
            found.must(subnets.len() == 3, &path, format!("has {}; use three, one per zone", subnets.len()));
            for (index, text) in subnets.iter().enumerate() {
                let path = format!("{path}.{index}");
                let Some(subnet) = block(text, &path, found) else { continue };
                if vpc.is_some_and(|vpc| !vpc.contains(&subnet)) {
                    found.add(&path, format!("is outside the VPC's block {}", self.cidr));
                }
                if let Some((other, net)) = taken.iter().find(|(_, net)| net.contains(&subnet) || subnet.contains(net))
                {
                    found.add(&path, format!("overlaps {other} ({net})"));
                }
                if size(subnet) < needed {
                    let fix = format!(
                        "has {} addresses; the warehouse at {} RPU, the jobs, Airflow, endpoints and AWS need \
                         {needed}; use /{} or larger",
                        size(subnet),
                        warehouse.base_rpu,
                        32 - needed.next_power_of_two().trailing_zeros(),
                    );
                    found.add(&path, fix);
                }
                taken.push((path, subnet));
            }
        }
        let fix = "must be 1 (cheapest, but unavailable if its zone fails), 2, or 3 (one per zone)";
        found.range("network.nat_gateways", 1..=3, fix);
        found.no_duplicates("network.endpoints");
        found.retention("network.flow_log_days");
    }

    /// Checks the zones: Redshift Serverless with enhanced VPC routing requires three (Amazon Redshift Management
    /// Guide, "Considerations when using Amazon Redshift Serverless").
    fn check_zones(&self, found: &mut Findings<'_>) {
        let count = self.zones.len();
        let fix = format!("has {count}; use three letters: the warehouse requires three zones");
        found.must(count == 3, "network.zones", fix);
        for index in 0..count {
            let fix = "use only the letter: `a` for eu-west-1a";
            found.pattern(&format!("network.zones.{index}"), "^[a-z]$", fix);
        }
        found.no_duplicates("network.zones");
    }

    /// Returns how many addresses a private subnet needs if everything runs in it at maximum size: Redshift's number
    /// comes from its table, and each Fargate task, Airflow container and endpoint has one address.
    fn needed(&self, warehouse: &Warehouse, batch: &Batch, airflow: &Airflow) -> u32 {
        let tasks = batch.max_vcpu.saturating_mul(4); // the smallest task has 0.25 vCPU
        let airflow = airflow.max_workers.saturating_add(airflow.schedulers).saturating_add(4);
        let endpoints = u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX);
        [RESERVED_BY_AWS, redshift(warehouse.base_rpu), tasks, airflow, endpoints]
            .into_iter()
            .fold(0_u32, u32::saturating_add)
            .min(1 << 16)
    }
}

/// Returns how many free addresses a workgroup with enhanced VPC routing needs in each subnet (Amazon Redshift
/// Management Guide, "Considerations when using Amazon Redshift Serverless"). Between two rows, the larger one applies.
fn redshift(rpu: u32) -> u32 {
    let rows = [(8, 9), (32, 13), (64, 21), (128, 37), (256, 69), (512, 133)];
    rows.into_iter().find(|(most, _)| rpu <= *most).map_or(261, |(_, addresses)| addresses)
}

fn size(net: Ipv4Net) -> u32 {
    1_u32.checked_shl(32 - u32::from(net.prefix_len())).unwrap_or(u32::MAX)
}

/// Parses the address block of a VPC or subnet: /16 to /28 (VPC User Guide, "VPC CIDR blocks").
fn block(text: &str, path: &str, found: &mut Findings<'_>) -> Option<Ipv4Net> {
    let fix = match text.parse::<Ipv4Net>() {
        Err(_) => "is not an IPv4 block; use one such as 10.0.0.0/16".to_owned(),
        Ok(net) if net.trunc() != net => format!("does not start at the block's first address; use {}", net.trunc()),
        Ok(net) if !(16..=28).contains(&net.prefix_len()) => "use a block from /16 (large) to /28 (small)".to_owned(),
        Ok(net) => return Some(net),
    };
    found.add(path, fix);
    None
}

#[cfg(test)]
#[path = "../../tests/unit/settings/network.rs"]
mod tests;
