//! Tests the names of a new module.

use super::{names, overlay, shared};
use crate::settings::{Document, Settings, Variables, resolve};

const DEV: &str = include_str!("../../../../infra/settings/dev.yaml");
const PROD: &str = include_str!("../../../../infra/settings/prod.yaml");

fn settings(own: &str, base: Option<&str>) -> Settings {
    let document = |text| Document { file: "module.yaml", text };
    resolve("a module", document(own), base.map(document), &Variables::new()).expect("valid settings").settings
}

#[test]
fn a_new_module_shares_no_name_with_another_one() {
    let (dev, prod) = (settings(DEV, None), settings(PROD, None));
    for (like, text, module) in [("dev", DEV, &dev), ("prod", PROD, &prod)] {
        let overlaid = overlay("staging", like, module).expect("a text");
        let staging = settings(&overlaid, Some(text));
        assert_eq!((shared(&staging, &dev), shared(&staging, &prod)), (None, None));
        assert_eq!(staging.project, "dpstack-staging");
        assert_eq!(staging.stack_prefix, "DPStaging", "the whole name would have 19 characters");
        assert_eq!(staging.warehouse.workgroup, "dpstack-staging-workgroup");
        let same = Settings { deploy_on: module.deploy_on, ..staging.clone() };
        let changed = names(&same).len();
        assert_eq!(names(module).iter().zip(names(&same)).filter(|(old, new)| *old != new).count(), changed);
    }
    let lean = settings(&overlay("lean", "dev", &dev).expect("a text"), Some(DEV));
    assert_eq!(lean.stack_prefix, "DataPlatformLean");
    let of_registry = [lean.registry.ingestion, lean.registry.dbt];
    assert_eq!(of_registry, ["lean-ingestion-image", "lean-dbt-image"]);
}

#[test]
fn a_name_that_is_too_long_is_refused_with_the_length_that_fits() {
    let dev = settings(DEV, None);
    let refused = overlay("integration-test", "dev", &dev).expect_err("too long");
    assert!(refused.contains("use up to 12 characters"), "{refused}");
    assert!(overlay("integratione", "dev", &dev).is_ok());
}

#[test]
fn names_may_be_the_same_in_another_region_or_account() {
    let dev = settings(DEV, None);
    assert_eq!(shared(&dev, &dev), Some(("project", "dpstack".to_owned())));
    assert_eq!(shared(&dev, &Settings { region: "eu-west-3".to_owned(), ..dev.clone() }), None);
    assert_eq!(shared(&dev, &Settings { account: Some("1".repeat(12)), ..dev.clone() }), None);
}
