//! The resource types in our templates: what replaces a resource, which property names it, whether it holds data.
//!
//! Source: the resource schemas of the CloudFormation registry (`createOnlyProperties`,
//! `conditionalCreateOnlyProperties`, `primaryIdentifier`), as shipped with cfn-lint. The "templates" suite compares
//! this table with those schemas.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Replaces {
    No,
    Maybe,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ResourceType {
    pub name: &'static str,
    /// Create-only properties, as paths separated by `/`.
    pub fixed: &'static [&'static str],
    /// Properties that are create-only in some cases.
    pub perhaps: &'static [&'static str],
    /// The property that sets a fixed name, if the type has one; such names must be unique.
    pub named_by: Option<&'static str>,
    /// Whether it holds data that cannot be recreated.
    pub holds_data: bool,
}

const fn kind(
    name: &'static str,
    fixed: &'static [&'static str],
    perhaps: &'static [&'static str],
    named_by: Option<&'static str>,
    holds_data: bool,
) -> ResourceType {
    ResourceType { name, fixed, perhaps, named_by, holds_data }
}

/// Every resource type in our templates.
#[rustfmt::skip]
pub const RESOURCE_TYPES: [ResourceType; 36] = [
    kind("AWS::Batch::ComputeEnvironment",
        &["ComputeResources/SpotIamFleetRole", "ComputeEnvironmentName", "Tags", "Type", "EksConfiguration/EksClusterArn",
          "EksConfiguration/KubernetesNamespace",
          "ComputeResources/ManagedInstancesProvider/InstanceLaunchTemplate/CapacityOptionType",
          "ComputeResources/ManagedInstancesProvider/InstanceLaunchTemplate/FipsEnabled"],
        // Create-only unless the environment allows updates in place.
        &["ComputeResources/AllocationStrategy", "ComputeResources/BidPercentage", "ComputeResources/Ec2Configuration",
          "ComputeResources/Ec2KeyPair", "ComputeResources/ImageId", "ComputeResources/InstanceRole",
          "ComputeResources/InstanceTypes", "ComputeResources/LaunchTemplate", "ComputeResources/PlacementGroup",
          "ComputeResources/ScalingPolicy", "ComputeResources/SecurityGroupIds", "ComputeResources/Subnets",
          "ComputeResources/Tags", "ComputeResources/Type"],
        Some("ComputeEnvironmentName"), false),
    kind("AWS::Batch::JobDefinition", &["JobDefinitionName"], &[], Some("JobDefinitionName"), false),
    kind("AWS::Batch::JobQueue", &["JobQueueName", "JobQueueType"], &[], Some("JobQueueName"), false),
    kind("AWS::Budgets::Budget", &["Budget/BudgetName", "NotificationsWithSubscribers"], &[], Some("Budget/BudgetName"), false),
    kind("AWS::Chatbot::SlackChannelConfiguration", &["SlackWorkspaceId", "ConfigurationName"], &[],
        Some("ConfigurationName"), false),
    kind("AWS::CloudWatch::Alarm", &["AlarmName"], &[], Some("AlarmName"), false),
    kind("AWS::EC2::EIP", &["NetworkBorderGroup", "TransferAddress", "IpamPoolId", "Address"], &[], None, false),
    kind("AWS::EC2::FlowLog",
        &["DeliverCrossAccountRole", "DeliverLogsPermissionArn", "LogGroupName", "LogDestination", "ResourceId", "TrafficType",
          "LogDestinationType", "ResourceType", "LogFormat", "MaxAggregationInterval", "DestinationOptions",
          "TagFieldSpecifications"], &[], None, false),
    kind("AWS::EC2::InternetGateway", &[], &[], None, false),
    kind("AWS::EC2::NatGateway",
        &["VpcId", "SubnetId", "ConnectivityType", "AllocationId", "PrivateIpAddress", "AvailabilityMode"], &[], None, false),
    kind("AWS::EC2::Route",
        &["RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"], &[], None, false),
    kind("AWS::EC2::RouteTable", &["VpcId"], &[], None, false),
    kind("AWS::EC2::SecurityGroup", &["GroupDescription", "GroupName", "VpcId"], &[], Some("GroupName"), false),
    kind("AWS::EC2::SecurityGroupEgress",
        &["IpProtocol", "DestinationSecurityGroupId", "ToPort", "CidrIp", "FromPort", "GroupId", "CidrIpv6",
          "DestinationPrefixListId"], &[], None, false),
    kind("AWS::EC2::SecurityGroupIngress",
        &["GroupName", "IpProtocol", "SourceSecurityGroupId", "SourcePrefixListId", "ToPort", "CidrIp",
          "SourceSecurityGroupName", "SourceSecurityGroupOwnerId", "FromPort", "GroupId", "CidrIpv6"], &[], None, false),
    kind("AWS::EC2::Subnet",
        &["VpcId", "AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "OutpostArn", "Ipv6Native", "Ipv4IpamPoolId",
          "Ipv4NetmaskLength", "Ipv6IpamPoolId", "Ipv6NetmaskLength"], &["Ipv6CidrBlock"], None, false),
    kind("AWS::EC2::SubnetRouteTableAssociation", &["SubnetId", "RouteTableId"], &[], None, false),
    kind("AWS::EC2::VPC", &["CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength", "VpcEncryptionControl"], &["InstanceTenancy"],
        None, false),
    kind("AWS::EC2::VPCEndpoint",
        &["ServiceName", "VpcEndpointType", "VpcId", "ServiceNetworkArn", "ResourceConfigurationArn", "ServiceRegion",
          "DnsOptions/PrivateDnsPreference", "DnsOptions/PrivateDnsSpecifiedDomains"], &[], None, false),
    kind("AWS::EC2::VPCGatewayAttachment", &["VpcId"], &[], None, false),
    kind("AWS::ECR::Repository",
        &["RepositoryName", "EncryptionConfiguration", "EncryptionConfiguration/EncryptionType",
          "EncryptionConfiguration/KmsKey"], &[], Some("RepositoryName"), true),
    kind("AWS::IAM::Role", &["Path", "RoleName"], &[], Some("RoleName"), false),
    kind("AWS::KMS::Alias", &["AliasName"], &[], Some("AliasName"), false),
    kind("AWS::KMS::Key", &[], &[], None, true),
    kind("AWS::Lambda::Function", &["FunctionName", "PackageType", "TenancyConfig"], &["DurableConfig"], Some("FunctionName"),
        false),
    kind("AWS::Logs::LogGroup", &["LogGroupName"], &[], Some("LogGroupName"), true),
    kind("AWS::Logs::MetricFilter", &["FilterName", "LogGroupName"], &[], Some("FilterName"), false),
    kind("AWS::MWAA::Environment", &["Name", "KmsKey", "NetworkConfiguration/SubnetIds", "EndpointManagement"], &[],
        Some("Name"), true),
    kind("AWS::RedshiftServerless::Namespace", &["NamespaceName"], &[], Some("NamespaceName"), true),
    kind("AWS::RedshiftServerless::Workgroup", &["WorkgroupName", "NamespaceName"], &[], Some("WorkgroupName"), false),
    kind("AWS::S3::Bucket", &["BucketName", "BucketNamePrefix", "BucketNamespace"], &[], Some("BucketName"), true),
    kind("AWS::S3::BucketPolicy", &["Bucket"], &[], None, false),
    kind("AWS::SNS::Subscription", &["Endpoint", "Protocol", "TopicArn"], &["Region"], None, false),
    kind("AWS::SNS::Topic", &["TopicName", "FifoTopic"], &[], Some("TopicName"), false),
    kind("AWS::SNS::TopicPolicy", &[], &[], None, false),
    // A custom resource: an update never replaces the security group.
    kind("Custom::ClosedSecurityGroup", &[], &[], None, false),
];

impl ResourceType {
    pub fn of(name: &str) -> Option<&'static Self> {
        RESOURCE_TYPES.iter().find(|kind| kind.name == name)
    }

    /// Returns whether a change at a property path (`NetworkConfiguration/SubnetIds/0`) replaces the resource.
    pub fn replaces(&self, path: &str, properties: &Value) -> Replaces {
        // Batch updates a compute environment in place if it is configured to do so and uses the service-linked role
        // (AWS CloudFormation, AWS::Batch::ComputeEnvironment, ReplaceComputeEnvironment).
        let never = [Value::Bool(false), Value::from("false")].contains(&properties["ReplaceComputeEnvironment"]);
        let in_place = never && properties["ServiceRole"].is_null();
        // Adding or removing a parent property also changes the create-only properties below it.
        let touches = |fixed: &&str| {
            let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
            path == *fixed || below(path, fixed) || below(fixed, path)
        };
        if self.fixed.iter().any(touches) {
            Replaces::Yes
        } else if !in_place && self.perhaps.iter().any(touches) {
            Replaces::Maybe
        } else {
            Replaces::No
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/stack/types.rs"]
mod tests;
