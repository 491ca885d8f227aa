//! What AWS asks for what the stacks hold: a table of prices that were seen, each with its region, day and source.
//!
//! Prices were not asked of AWS, they were read: where a price list or a bill was quoted, the quotation is the source. What
//! was not found is not in the table, and what needs it says so.

use serde::Serialize;

/// What is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// One of it, for an hour.
    Hour,
    /// One of it, for a month.
    Month,
}

/// A price that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Price {
    /// The thing, as a bill of ours calls it.
    pub what: &'static str,
    /// For how long.
    pub unit: Unit,
    /// US dollars, without tax.
    pub usd: f64,
    /// Where it holds; [`EVERYWHERE`] if it is the same in every region.
    pub region: &'static str,
    /// The day that the source is of, or was read on.
    pub seen: &'static str,
    /// Where it was read.
    pub source: &'static str,
}

/// The region of a price that does not depend on it.
pub const EVERYWHERE: &str = "everywhere";
/// Whose price stands in for one that was not found; named as such wherever it does.
pub const STAND_IN: &str = "us-east-1";

pub const NAT: &str = "NAT gateway";
pub const ADDRESS: &str = "public address";
pub const ENDPOINT: &str = "interface endpoint, one zone";
pub const KEY: &str = "key";
pub const SECRET: &str = "secret";
pub const RPU: &str = "RPU";

/// Quoted from AWS's own price list, with its usage types.
const MWAA_LIST: &str = "AWS Price List, AmazonMWAA, us-east-1, of that day, quoted in a public repository";
const FARGATE_API: &str = "AWS Price List API, EU-Fargate, quoted with its SKUs in an audit in a public repository";
const NAT_PAGE: &str = "https://cloudburn.io/blog/aws-nat-gateway-pricing";

const fn of(
    what: &'static str,
    unit: Unit,
    usd: f64,
    region: &'static str,
    seen: &'static str,
    source: &'static str,
) -> Price {
    Price { what, unit, usd, region, seen, source }
}

/// Every price that was seen.
pub const PRICES: &[Price] = &[
    of("Airflow mw1.micro", Unit::Hour, 0.29, "us-east-1", "2026-09-11", MWAA_LIST),
    of("Airflow mw1.small", Unit::Hour, 0.49, "us-east-1", "2026-09-11", MWAA_LIST),
    of("Airflow mw1.medium", Unit::Hour, 0.74, "us-east-1", "2026-09-11", MWAA_LIST),
    of("Airflow mw1.large", Unit::Hour, 0.99, "us-east-1", "2026-09-11", MWAA_LIST),
    of(
        "Airflow worker mw1.small",
        Unit::Hour,
        0.055,
        "us-east-1",
        "2026-11-26",
        "https://c3x.dev/blog/mwaa-cost-managed-airflow/",
    ),
    of(
        NAT,
        Unit::Hour,
        0.048,
        "eu-west-1",
        "2026-09-25",
        "AWS Price List, AmazonEC2, eu-west-1, EU-NatGateway-Hours, of that day, kept in a public repository",
    ),
    of(NAT, Unit::Hour, 0.045, "us-east-1", "2026-02-24", NAT_PAGE),
    of(
        ADDRESS,
        Unit::Hour,
        0.005,
        "eu-west-1",
        "2026-07-10",
        "AWS Price List API, EU-PublicIPv4:InUseAddress, of that day, quoted in a public repository",
    ),
    of(ADDRESS, Unit::Hour, 0.005, "us-east-1", "2026-02-24", NAT_PAGE),
    of(
        ENDPOINT,
        Unit::Hour,
        0.011,
        "eu-west-1",
        "2026-11-26",
        "reckoned from a bill of eu-west-1 in a public repository: EU-VpcEndpoint-Hours at 11/48 of EU-NatGateway-Hours",
    ),
    of(ENDPOINT, Unit::Hour, 0.01, "us-east-1", "2026-11-26", "https://www.egresscost.com/nat-gateway"),
    of(KEY, Unit::Month, 1.0, EVERYWHERE, "2026-11-26", "https://aws.amazon.com/kms/pricing/"),
    of(
        SECRET,
        Unit::Month,
        0.4,
        "us-east-1",
        "2026-11-26",
        "https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms",
    ),
    of(
        RPU,
        Unit::Hour,
        0.375,
        "us-east-1",
        "2026-11-26",
        "https://aws.amazon.com/redshift/pricing/, quoted in public repositories",
    ),
    of("x86_64 vCPU", Unit::Hour, 0.04048, "eu-west-1", "2026-05-01", FARGATE_API),
    of("x86_64 GB", Unit::Hour, 0.004445, "eu-west-1", "2026-05-01", FARGATE_API),
    of("arm64 vCPU", Unit::Hour, 0.03238, "eu-west-1", "2026-05-01", FARGATE_API),
    of("arm64 GB", Unit::Hour, 0.00356, "eu-west-1", "2026-05-01", FARGATE_API),
    of("x86_64 vCPU", Unit::Hour, 0.04048, "us-east-1", "2026-05-01", FARGATE_API),
    of("x86_64 GB", Unit::Hour, 0.004445, "us-east-1", "2026-05-01", FARGATE_API),
];

/// The price of a thing in a region; else the one that stands in for it, if that was seen.
pub fn price(what: &str, region: &str) -> Option<&'static Price> {
    let in_region = |wanted: &str| PRICES.iter().find(|price| price.what == what && price.region == wanted);
    in_region(EVERYWHERE).or_else(|| in_region(region)).or_else(|| in_region(STAND_IN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regions_own_price_comes_first_and_nothing_is_made_up() {
        let found = |what, region| price(what, region).map(|price| (price.usd, price.region));
        assert_eq!(found(NAT, "eu-west-1"), Some((0.048, "eu-west-1")));
        assert_eq!(found(NAT, "ap-south-1"), Some((0.045, "us-east-1")), "stands in");
        assert_eq!(found(KEY, "ap-south-1"), Some((1.0, EVERYWHERE)));
        assert_eq!(found("Airflow mw1.xlarge", "eu-west-1"), None, "was not found");
    }

    #[test]
    fn each_price_has_one_line_a_region_a_day_and_a_source() {
        for (index, price) in PRICES.iter().enumerate() {
            let twice = PRICES[..index].iter().any(|other| other.what == price.what && other.region == price.region);
            let day: Vec<usize> = price.seen.split('-').map(str::len).collect();
            assert!(!twice && price.usd > 0.0 && day == [4, 2, 2], "{price:?}");
            assert!(price.source.len() > 20, "{price:?} needs a source");
        }
    }
}
