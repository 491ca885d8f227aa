//! Workgroup, namespace, credentials and usage limits.

use std::time::SystemTime;

use aws_sdk_redshiftserverless::Client;
use aws_sdk_redshiftserverless::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_redshiftserverless::types::{UsageLimitPeriod, UsageLimitUsageType};
use serde_json::{Value, json};

use super::{Bench, KEY};

impl Bench {
    fn serverless(&self, operation: &str, body: &Value) -> Result<Value, String> {
        match self.signed(KEY, &format!("RedshiftServerless.{operation}"), "redshift-serverless", body) {
            (200, body) => Ok(body),
            (status, body) => Err(format!("{status} {}: {}", body["__type"], body["message"])),
        }
    }
}

#[test]
fn the_workgroup_and_its_namespace_are_described() {
    let bench = Bench::with(|settings| {
        settings.warehouse.admin_secret = Some("arn:aws:secretsmanager:eu-west-1:000000000000:secret:admin".to_owned());
    });
    bench.emulator.serverless().change(|warehouse| warehouse.endpoint.1 = 15_439);
    let found = bench.serverless("GetWorkgroup", &json!({ "workgroupName": "workgroup" })).expect("a workgroup");
    let workgroup = &found["workgroup"];
    assert_eq!((&workgroup["status"], &workgroup["endpoint"]["port"]), (&json!("AVAILABLE"), &json!(15_439)));
    let found = bench.serverless("GetNamespace", &json!({ "namespaceName": "workgroup" })).expect("a namespace");
    let namespace = &found["namespace"];
    assert_eq!((&namespace["status"], &namespace["kmsKeyId"]), (&json!("AVAILABLE"), &json!("AWS_OWNED_KMS_KEY")));
    assert!(namespace["adminPasswordSecretArn"].as_str().is_some_and(|arn| arn.ends_with("admin")));
    for (operation, name) in [("GetWorkgroup", "workgroupName"), ("GetNamespace", "namespaceName")] {
        let error = bench.serverless(operation, &json!({ name: "other" })).expect_err("unknown");
        assert!(error.contains("ResourceNotFoundException"), "{error}");
    }
    let error = bench.serverless("RestoreFromSnapshot", &json!({})).expect_err("unknown");
    assert!(error.contains("RedshiftServerless.RestoreFromSnapshot"), "{error}");
}

/// The requests of CloudFormation for the template, in the order of a deployment, an update and a deletion.
#[test]
fn a_namespace_and_a_workgroup_are_created_changed_and_deleted() {
    let secret = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:admin";
    let bench = Bench::with(|settings| {
        settings.warehouse.exists = false;
        settings.warehouse.admin_secret = Some(secret.to_owned());
    });
    let (namespace, workgroup) = (json!({ "namespaceName": "workgroup" }), json!({ "workgroupName": "workgroup" }));
    let query = json!({ "WorkgroupName": "workgroup", "Database": "dev", "Sql": "SELECT 1" });
    let error = bench.data("ExecuteStatement", &query).expect_err("no workgroup");
    assert!(error.contains("Redshift endpoint doesn't exist"), "{error}");
    for (operation, name) in [("GetNamespace", &namespace), ("GetWorkgroup", &workgroup)] {
        assert!(bench.serverless(operation, name).expect_err("missing").contains("ResourceNotFoundException"));
    }
    let with = |name: &Value, more: Value| {
        let (mut body, Value::Object(more)) = (name.clone(), more) else { panic!("not an object") };
        body.as_object_mut().expect("an object").extend(more);
        body
    };
    let role = "arn:aws:iam::000000000000:role/copy";
    let create = with(
        &namespace,
        json!({ "dbName": "dev", "adminUsername": "a", "manageAdminPassword": true, "iamRoles": [role],
            "defaultIamRoleArn": role, "logExports": [], "tags": [] }),
    );
    let of_workgroup = with(&workgroup, json!({ "namespaceName": "workgroup", "baseCapacity": 8, "tags": [] }));
    bench.serverless("CreateWorkgroup", &of_workgroup).expect_err("no namespace");
    for (name, value) in [
        ("dbName", json!("other")),
        ("namespaceName", json!("other")),
        ("adminUserPassword", json!("p")),
        ("x", json!(1)),
    ] {
        let mut wrong = create.clone();
        wrong[name] = value;
        bench.serverless("CreateNamespace", &wrong).expect_err(name);
    }
    let created = bench.serverless("CreateNamespace", &create).expect("a namespace");
    assert_eq!(
        (&created["namespace"]["adminPasswordSecretArn"], &created["namespace"]["iamRoles"]),
        (&json!(secret), &json!([role]))
    );
    assert!(bench.serverless("CreateNamespace", &create).expect_err("twice").contains("ConflictException"));
    bench.serverless("CreateWorkgroup", &of_workgroup).expect("a workgroup");
    bench.data("ExecuteStatement", &query).expect("a statement");
    let changed = with(&namespace, json!({ "manageAdminPassword": false, "iamRoles": [], "defaultIamRoleArn": "" }));
    let changed = bench.serverless("UpdateNamespace", &changed).expect("a change");
    assert_eq!(
        (&changed["namespace"]["adminPasswordSecretArn"], &changed["namespace"]["iamRoles"]),
        (&Value::Null, &json!([]))
    );
    bench.serverless("UpdateWorkgroup", &with(&workgroup, json!({ "baseCapacity": 16 }))).expect("a change");
    assert!(bench.serverless("DeleteNamespace", &namespace).expect_err("in use").contains("ConflictException"));
    bench.serverless("DeleteWorkgroup", &workgroup).expect("deleted");
    bench.serverless("DeleteNamespace", &namespace).expect("deleting");
}

#[test]
fn a_deleted_namespace_is_returned_as_deleting_for_some_time() {
    let bench = Bench::new();
    bench.emulator.serverless().reads_while_deleting(2);
    bench.serverless("DeleteWorkgroup", &json!({ "workgroupName": "workgroup" })).expect("deleted");
    let name = json!({ "namespaceName": "workgroup" });
    let status = |found: Value| found["namespace"]["status"].clone();
    assert_eq!(status(bench.serverless("DeleteNamespace", &name).expect("deleting")), "DELETING");
    assert!(bench.serverless("DeleteNamespace", &name).expect_err("a conflict").contains("ConflictException"));
    for _ in 0..2 {
        assert_eq!(status(bench.serverless("GetNamespace", &name).expect("deleting")), "DELETING");
    }
    assert!(bench.serverless("GetNamespace", &name).expect_err("gone").contains("ResourceNotFoundException"));
}

#[test]
fn credentials_are_of_the_callers_user_and_expire() {
    let bench = Bench::new();
    let body = json!({ "workgroupName": "workgroup", "dbName": "dev", "durationSeconds": 3600 });
    let (one, two) = (bench.serverless("GetCredentials", &body), bench.serverless("GetCredentials", &body));
    let (one, two) = (one.expect("credentials"), two.expect("credentials"));
    assert_eq!(one["dbUser"], "admin");
    assert_ne!(one["dbPassword"], two["dbPassword"]);
    assert!(one["expiration"].as_f64() > one["nextRefreshTime"].as_f64());
    for (name, value) in [("durationSeconds", json!(60)), ("dbName", json!("other")), ("workgroupName", json!("other"))]
    {
        let mut body = body.clone();
        body[name] = value;
        bench.serverless("GetCredentials", &body).expect_err(name);
    }
}

#[test]
fn usage_limits_are_created_listed_updated_and_deleted() {
    let bench = Bench::new();
    let found = bench.serverless("GetWorkgroup", &json!({ "workgroupName": "workgroup" })).expect("a workgroup");
    let arn = &found["workgroup"]["workgroupArn"];
    let limit = json!({
        "resourceArn": arn, "usageType": "serverless-compute", "amount": 10, "period": "daily", "breachAction": "log",
    });
    let created = bench.serverless("CreateUsageLimit", &limit).expect("a limit");
    assert!(bench.serverless("CreateUsageLimit", &limit).expect_err("twice").contains("ConflictException"));
    let id = &created["usageLimit"]["usageLimitId"];
    let change = json!({ "usageLimitId": id, "amount": 20, "breachAction": "deactivate" });
    bench.serverless("UpdateUsageLimit", &change).expect("a change");
    let list = |bench: &Bench| {
        let found =
            bench.serverless("ListUsageLimits", &json!({ "resourceArn": arn, "usageType": "serverless-compute" }));
        found.expect("a list")["usageLimits"].clone()
    };
    let limits = list(&bench);
    assert_eq!((&limits[0]["amount"], &limits[0]["breachAction"]), (&json!(20), &json!("deactivate")));
    for (name, value) in [("amount", json!(0)), ("period", json!("yearly")), ("resourceArn", json!("arn:other"))] {
        let mut limit = limit.clone();
        limit[name] = value;
        bench.serverless("CreateUsageLimit", &limit).expect_err(name);
    }
    bench.serverless("DeleteUsageLimit", &json!({ "usageLimitId": id })).expect("deleted");
    assert_eq!(list(&bench), json!([]));
    assert!(bench.serverless("DeleteUsageLimit", &json!({ "usageLimitId": id })).is_err());
}

/// The responses as the SDK reads them: times, lists with pages, and errors.
#[test]
fn the_sdk_reads_the_responses() {
    let bench = Bench::new();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(bench.emulator.url())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(KEY, "secret", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let client = Client::from_conf(config.build());
    bench.runtime.block_on(async {
        let found = client.get_workgroup().workgroup_name("workgroup").send().await.expect("a workgroup");
        let workgroup = found.workgroup().expect("a workgroup");
        assert_eq!(workgroup.endpoint().and_then(|endpoint| endpoint.address()), Some("127.0.0.1"));
        let arn = workgroup.workgroup_arn().expect("an ARN");
        let kind = UsageLimitUsageType::ServerlessCompute;
        let call = client.create_usage_limit().resource_arn(arn).usage_type(kind.clone()).amount(5);
        let limit = call.send().await.expect("a limit").usage_limit.expect("a limit");
        assert_eq!(limit.period, Some(UsageLimitPeriod::Monthly));
        let listed = client.list_usage_limits().resource_arn(arn).usage_type(kind).into_paginator().items().send();
        assert_eq!(listed.try_collect().await.expect("a list"), [limit]);
        let call = client.get_credentials().workgroup_name("workgroup").db_name("dev");
        let credentials = call.send().await.expect("credentials");
        let expires = SystemTime::try_from(*credentials.expiration().expect("a time")).expect("a time");
        let left = expires.duration_since(SystemTime::now()).expect("later than now");
        assert!((890..=900).contains(&left.as_secs()), "{left:?}");
        let error = client.get_namespace().namespace_name("other").send().await.expect_err("unknown");
        assert!(error.into_service_error().is_resource_not_found_exception());
    });
}
