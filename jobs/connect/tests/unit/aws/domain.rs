use super::*;

#[test]
fn every_partition_has_its_domain() {
    for (region, expected) in [
        ("eu-west-3", "amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("cn-northwest-1", "amazonaws.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu"),
        ("us-iso-east-1", "c2s.ic.gov"),
    ] {
        assert_eq!(domain(region), expected, "{region}");
    }
}
