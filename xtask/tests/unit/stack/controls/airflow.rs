//! Rules for MWAA and alarms.

use super::{Rule, of_type, texts};

const ALARM: &str = "AWS::CloudWatch::Alarm";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "Airflow logs INFO or WARNING to log groups that exist before it",
        broken: |stacks| {
            let stack = &stacks["orchestration"];
            let airflow = &stack["Resources"]["Airflow"];
            let waits = texts(&airflow["DependsOn"]);
            let logs = [
                ("DagProcessing", "DAGProcessing"),
                ("Scheduler", "Scheduler"),
                ("Task", "Task"),
                ("Webserver", "WebServer"),
                ("Worker", "Worker"),
            ];
            let sound = |(name, end): (&str, &str)| {
                let level = &airflow["Properties"]["LoggingConfiguration"][format!("{name}Logs")]["LogLevel"];
                let group = &stack["Resources"][format!("{name}LogGroup")]["Properties"]["LogGroupName"]["Fn::Sub"];
                level["Ref"] == format!("{name}LogLevel")
                    && texts(&stack["Parameters"][format!("{name}LogLevel")]["AllowedValues"]) == ["INFO", "WARNING"]
                    && *group == format!("airflow-${{AirflowEnvironmentName}}-{end}")
                    && waits.contains(&format!("{name}LogGroup"))
            };
            logs.into_iter().filter(|log| !sound(*log)).map(|(name, _)| format!("orchestration.{name}Logs")).collect()
        },
    },
    Rule {
        name: "the budget notifies on actual and forecasted cost",
        broken: |stacks| {
            let list = &stacks["monitoring"]["Resources"]["Budget"]["Properties"]["NotificationsWithSubscribers"];
            let notifies = |kind: &str, most: u64| {
                list.as_array().into_iter().flatten().any(|one| {
                    let notification = &one["Notification"];
                    notification["NotificationType"] == kind
                        && notification["Threshold"].as_u64().is_some_and(|share| share <= most)
                        && one["Subscribers"][0]["Address"]["Ref"] == "AlarmTopic"
                })
            };
            let sound = notifies("ACTUAL", 99) && notifies("FORECASTED", 100);
            if sound { Vec::new() } else { vec!["monitoring.Budget".to_owned()] }
        },
    },
    Rule {
        name: "MWAA has two private subnets",
        broken: |stacks| {
            let value = texts(&stacks["network"]["Outputs"]["AirflowSubnetIds"]["Value"]).join("");
            let two = value.matches("PrivateSubnet").count() == 2 && value.matches("Subnet").count() == 2;
            if two { Vec::new() } else { vec!["network.AirflowSubnetIds".to_owned()] }
        },
    },
    Rule {
        name: "missing health checks raise an alarm",
        broken: |stacks| {
            let sound = of_type(stacks, ALARM).any(|(_, body)| {
                let alarm = &body["Properties"];
                let dimensions = alarm["Dimensions"].to_string();
                alarm["MetricName"] == "DAGDurationSuccess"
                    && alarm["Statistic"] == "SampleCount"
                    && dimensions.contains("\"platform_health\"")
                    && dimensions.contains("AirflowEnvironmentName")
                    && alarm["TreatMissingData"] == "missing"
                    && texts(&alarm["InsufficientDataActions"]) == [r#"{"Ref":"AlarmTopic"}"#]
            });
            if sound { Vec::new() } else { vec!["monitoring".to_owned()] }
        },
    },
    Rule {
        name: "an exhausted usage limit raises an alarm, unless the settings only log it",
        broken: |stacks| {
            let alarm = &stacks["monitoring"]["Resources"]["UsageLimitReached"];
            let properties = &alarm["Properties"];
            let query = properties["Metrics"][0]["Expression"]["Fn::Sub"].as_str().unwrap_or_default();
            let expected = [
                "MAX(UsageLimitConsumed)",
                "\"AWS/Redshift-Serverless\", UsageLimitId, UsageType, Workgroup)",
                "UsageType = 'SERVERLESS_COMPUTE'",
                "Workgroup = '${WorkgroupName}'",
            ];
            let sound = alarm["Condition"] == "WatchesUsage"
                && expected.iter().all(|part| query.contains(part))
                && properties["Threshold"]["Ref"] == "UsageLimitRpuHours"
                && properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold";
            if sound { Vec::new() } else { vec!["monitoring.UsageLimitReached".to_owned()] }
        },
    },
];
