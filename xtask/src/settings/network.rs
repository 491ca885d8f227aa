//! The VPC: three zones with a public and a private subnet each. Private ones hold Airflow, the jobs and the warehouse.

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::check::{Findings, quoted};
use super::monitoring::check_retention;

/// AWS keeps the first four addresses of a subnet and its last (Amazon VPC User Guide, "Subnet sizing for IPv4").
const KEPT_BY_AWS: u32 = 5;

/// The VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The VPC's addresses, private ones (RFC 1918), from /16 to /28.
    pub cidr: String,
    /// Three availability zones, by their letters: Redshift with enhanced VPC routing wants three. Which letters an account
    /// has differs: `aws ec2 describe-availability-zones` tells.
    #[schemars(length(min = 3, max = 3))]
    pub zones: Vec<String>,
    /// One a zone, in the zones' order; only NAT gateways live there.
    #[schemars(length(min = 3, max = 3))]
    pub public_subnets: Vec<String>,
    /// One a zone, in the zones' order.
    #[schemars(length(min = 3, max = 3))]
    pub private_subnets: Vec<String>,
    /// 1 is cheap and falls with its zone; 3 is one each zone. Each costs by the hour and by the gigabyte.
    #[schemars(range(min = 1, max = 3))]
    pub nat_gateways: u32,
    /// AWS services that are reached without the NAT gateways, each by an endpoint in every zone that costs by the hour.
    /// S3's gateway endpoint is free and always there.
    pub endpoints: Vec<Endpoint>,
    /// Days that the log of connections is kept; one of CloudWatch's lengths.
    pub flow_log_days: u32,
}

/// A service with an interface endpoint, by the end of its name `com.amazonaws.<region>.<end>` (AWS PrivateLink Guide, "AWS
/// services that integrate with AWS PrivateLink").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// Batch asks for jobs.
    Batch,
    /// Who may pull images.
    #[serde(rename = "ecr.api")]
    EcrApi,
    /// The images themselves.
    #[serde(rename = "ecr.dkr")]
    EcrDkr,
    /// Encryption.
    Kms,
    /// Logs of jobs and of Airflow.
    Logs,
    /// Metrics of Airflow.
    Monitoring,
    /// What `copy` sends statements to.
    RedshiftData,
    /// Where dbt gets its credentials.
    RedshiftServerless,
    /// Passwords.
    Secretsmanager,
    /// The queue of Airflow's workers.
    Sqs,
    /// Roles.
    Sts,
}

impl Network {
    pub(super) fn check(&self, settings: &Settings, found: &mut Findings) {
        let vpc = self.check_vpc(found);
        self.check_zones(found);
        let mut taken: Vec<(String, Ipv4Net)> = Vec::new();
        for (key, subnets, needed) in [
            ("public_subnets", &self.public_subnets, KEPT_BY_AWS + 1),
            ("private_subnets", &self.private_subnets, self.needed(settings)),
        ] {
            let path = format!("network.{key}");
            found.must(subnets.len() == 3, &path, "", format!("has {}; write three, one a zone", subnets.len()));
            for (index, text) in subnets.iter().enumerate() {
                let path = format!("{path}.{index}");
                let Some(subnet) = block(text, &path, found) else { continue };
                if vpc.is_some_and(|vpc| !vpc.contains(&subnet)) {
                    found.add(&path, quoted(text), format!("lies outside the VPC's {}", self.cidr));
                }
                if let Some((other, net)) = taken.iter().find(|(_, net)| net.contains(&subnet) || subnet.contains(net))
                {
                    found.add(&path, quoted(text), format!("overlaps {other} ({net}); subnets share no address"));
                }
                if size(subnet) < needed {
                    let fix = format!(
                        "has {} addresses, {needed} are needed for the warehouse at {} RPU, the jobs, Airflow, endpoints \
                         and AWS itself: write /{} or larger",
                        size(subnet),
                        settings.warehouse.base_rpu,
                        32 - needed.next_power_of_two().trailing_zeros(),
                    );
                    found.add(&path, quoted(text), fix);
                }
                taken.push((path, subnet));
            }
        }
        let gateways = self.nat_gateways;
        let fix = "write 1 (cheap, falls with its zone), 2, or 3 (one each zone)";
        found.must((1..=3).contains(&gateways), "network.nat_gateways", gateways, fix);
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            let twice = self.endpoints[..index].contains(endpoint);
            found.must(!twice, &format!("network.endpoints.{index}"), "", "is there twice; remove one");
        }
        check_retention("network.flow_log_days", self.flow_log_days, found);
    }

    fn check_vpc(&self, found: &mut Findings) -> Option<Ipv4Net> {
        let vpc = block(&self.cidr, "network.cidr", found)?;
        // Amazon VPC User Guide, "VPC CIDR blocks", recommends RFC 1918; that nothing else is taken is ours.
        let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
            .iter()
            .any(|range| range.parse::<Ipv4Net>().is_ok_and(|range| range.contains(&vpc)));
        found.must(
            private,
            "network.cidr",
            quoted(&self.cidr),
            "is not private; take it from 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        );
        Some(vpc)
    }

    /// Three of them, by Redshift Serverless with enhanced VPC routing (Amazon Redshift Management Guide, "Considerations
    /// when using Amazon Redshift Serverless"). That they are of the region holds by itself: only the letter is written.
    fn check_zones(&self, found: &mut Findings) {
        let zones = &self.zones;
        found.must(
            zones.len() == 3,
            "network.zones",
            "",
            format!("has {}; write three letters: the warehouse wants three zones", zones.len()),
        );
        for (index, zone) in zones.iter().enumerate() {
            let path = format!("network.zones.{index}");
            let letter = zone.len() == 1 && zone.bytes().all(|byte| byte.is_ascii_lowercase());
            found.must(letter, &path, quoted(zone), "write the zone's letter alone: `a` of eu-west-1a");
            found.must(
                !zones[..index].contains(zone),
                &path,
                quoted(zone),
                "is there twice; write three different ones",
            );
        }
    }

    /// How many addresses a private subnet needs if everything runs at its largest in one of them. Redshift's part is from
    /// its table; each Fargate task, Airflow container and endpoint has one address, and that they all fit is ours.
    fn needed(&self, settings: &Settings) -> u32 {
        let tasks = settings.batch.max_vcpu.saturating_mul(4); // the smallest has a quarter
        let airflow = settings.airflow.max_workers.saturating_add(settings.airflow.schedulers).saturating_add(4);
        let endpoints = u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX);
        [KEPT_BY_AWS, redshift(settings.warehouse.base_rpu), tasks, airflow, endpoints]
            .into_iter()
            .fold(0_u32, u32::saturating_add)
            .min(1 << 16)
    }
}

/// Free addresses in each subnet for a workgroup with enhanced VPC routing (Amazon Redshift Management Guide,
/// "Considerations when using Amazon Redshift Serverless"; a value between two rows takes the larger).
fn redshift(rpu: u32) -> u32 {
    let rows = [(8, 9), (32, 13), (64, 21), (128, 37), (256, 69), (512, 133)];
    rows.into_iter().find(|(most, _)| rpu <= *most).map_or(261, |(_, addresses)| addresses)
}

fn size(net: Ipv4Net) -> u32 {
    1_u32.checked_shl(32 - u32::from(net.prefix_len())).unwrap_or(u32::MAX)
}

/// An address block as a VPC or a subnet takes it: /16 to /28 (Amazon VPC User Guide, "VPC CIDR blocks" and "Subnet CIDR
/// blocks"), beginning at its first address.
fn block(text: &str, path: &str, found: &mut Findings) -> Option<Ipv4Net> {
    let Ok(net) = text.parse::<Ipv4Net>() else {
        found.add(path, quoted(text), "is no IPv4 block; write one such as 10.0.0.0/16");
        return None;
    };
    if net.trunc() != net {
        found.add(path, quoted(text), format!("begins inside its block; write {}", net.trunc()));
        return None;
    }
    if !(16..=28).contains(&net.prefix_len()) {
        found.add(path, quoted(text), "AWS takes blocks from /16 (large) to /28 (small)");
        return None;
    }
    Some(net)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_those_that_aws_takes() {
        let problem = |text: &str| {
            let mut found = Findings::default();
            block(text, "x", &mut found);
            found.problems.pop().map(|finding| finding.fix)
        };
        assert_eq!(problem("10.0.0.0/16"), None);
        assert_eq!(problem("10.0.0.16/28"), None);
        assert!(problem("10.0.0.0/15").is_some() && problem("10.0.0.0/29").is_some());
        assert_eq!(problem("10.0.0.1/16").as_deref(), Some("begins inside its block; write 10.0.0.0/16"));
        for none in ["", "10.0.0.0", "10.0.0/16", "::/64", "300.0.0.0/16"] {
            assert!(problem(none).is_some_and(|fix| fix.contains("no IPv4 block")), "{none}");
        }
    }

    #[test]
    fn redshift_needs_what_its_table_says() {
        let rows =
            [(4, 9), (8, 9), (16, 13), (24, 13), (32, 13), (64, 21), (128, 37), (256, 69), (512, 133), (1024, 261)];
        assert!(rows.iter().all(|(rpu, addresses)| redshift(*rpu) == *addresses));
    }
}
