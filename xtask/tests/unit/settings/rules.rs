//! Tests S3 bucket names.

use super::*;

#[test]
fn bucket_names_are_those_of_s3() {
    for good in ["dpstack-dlake", "abc", "a1-b2", &"a".repeat(63)] {
        assert_eq!(bucket_problem(good), None, "{good}");
    }
    for (bad, why) in [
        ("ab", "3 to 63"),
        (&"a".repeat(64), "3 to 63"),
        ("Upper-case", "characters other than"),
        ("under_score", "characters other than"),
        ("192.168.5.4", "characters other than"),
        ("-starts", "start and end"),
        ("ends-", "start and end"),
        ("xn--a", "xn--"),
        ("sthree-a", "sthree-"),
        ("amzn-s3-demo-a", "amzn-s3-demo-"),
        ("a-s3alias", "-s3alias"),
        ("a--ol-s3", "--ol-s3"),
        ("a--x-s3", "--x-s3"),
        ("a--table-s3", "--table-s3"),
    ] {
        assert!(bucket_problem(bad).is_some_and(|words| words.contains(why)), "{bad}");
    }
}
