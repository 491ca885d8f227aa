// The deployed policies, read from the emulated CloudFormation, and decisions by them.

import http from 'node:http'
import { createRequire } from 'node:module'

const require = createRequire(`${process.env.IAM_PACKAGES}/`)
const { runSimulation } = require('@cloud-copilot/iam-simulate')

/** The roles of the access keys: stack and logical ID. */
const ROLES = {
  ingestion: 'compute.IngestionRole',
  dbt: 'compute.DbtRole',
  airflow: 'orchestration.AirflowRole',
  copy: 'warehouse.CopyRole',
  build: 'ci.BuildRole',
  plan: 'ci.PlanRole',
  deploy: 'ci.DeployRole',
}
export const KEYS = Object.keys(ROLES)
/** Whether an access key is used in the private subnets. */
export const isInVpc = (key) => !['build', 'plan', 'deploy'].includes(key)

/** The place of the role with an access key. Fargate's is the name of the execution role of a job. */
export const roleOf = ({ prefix }, key, deployed) =>
  key in ROLES
    ? `${prefix}-${ROLES[key]}`
    : (deployed?.of('AWS::IAM::Role').find(({ id }) => id === key)?.place ?? null)

/** Sends a request to an emulator; returns the response, whose body is a stream. */
export function send(port, { method, path, headers }, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers }, resolve)
    request.on('error', reject)
    request.end(body)
  })
}

export async function bodyOf(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Reads the stacks, with an action that only the emulated CloudFormation has. */
export async function read({ upstreams, account, region }) {
  const scope = `${account}/20260101/${region}/cloudformation/aws4_request`
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
  const response = await send(upstreams[''], { method: 'POST', path: '/', headers }, 'Action=DescribeDeployedResources')
  return JSON.parse(await bodyOf(response))
}

/** The stacks as they are deployed: `{ stack: { id, resources: { name: { type, id, attributes, properties } } } }`. */
export class Deployed {
  constructor({ region, account, secretKeys = {} }, { stacks, changeSets, managed = {} }) {
    Object.assign(this, { region, account, secretKeys, stacks, changeSets, managedPolicies: managed })
    this.resources = Object.entries(stacks).flatMap(([stack, { resources }]) =>
      Object.entries(resources).map(([name, resource]) => ({ place: `${stack}.${name}`, stack, name, ...resource })),
    )
  }

  arn(service, rest) {
    return `arn:aws:${service}:${this.region}:${this.account}:${rest}`
  }

  of(...types) {
    return this.resources.filter(({ type }) => types.includes(type))
  }

  ofStack(name) {
    return this.resources.filter(({ stack }) => stack === name || this.stacks[stack].id === name)
  }

  /** The text with the values of the stacks' parameters. */
  filled(text) {
    const parameters = Object.values(this.stacks).map((stack) => stack.parameters)
    const values = Object.assign({ 'AWS::AccountId': this.account, 'AWS::Region': this.region }, ...parameters)
    return text.replace(/\$\{(.+?)\}/g, (_, name) => {
      if (!(name in values)) throw new Error(`no stack has the parameter ${name}`)
      return values[name]
    })
  }

  /** The principal of a role: `{ place, arn, session, policies, boundary }`. */
  role(place) {
    const found = this.resources.find((resource) => resource.place === place)
    if (!found) return null
    const { PermissionsBoundary: boundary, Policies: policies = [], ManagedPolicyArns: managed = [] } = found.properties
    const attached = managed.map((arn) => ({ name: arn, policy: this.managedPolicies[arn] ?? this.managed(arn) }))
    return {
      place,
      arn: found.attributes.Arn,
      session: `arn:aws:sts::${this.account}:assumed-role/${found.id}/session`,
      user: userId(place),
      policies: [
        ...policies.map(({ PolicyName, PolicyDocument }) => ({ name: PolicyName, policy: PolicyDocument })),
        ...attached,
      ],
      boundary: boundary && { name: boundary, policy: this.managed(boundary) },
    }
  }

  managed(arn) {
    const found = this.of('AWS::IAM::ManagedPolicy').find(({ id }) => id === arn)
    if (!found) throw new Error(`the policy ${arn} is not known`)
    return found.properties.PolicyDocument
  }

  stackArn(name) {
    return name.startsWith('arn:') ? name : (this.stacks[name]?.id ?? this.arn('cloudformation', `stack/${name}/new`))
  }

  tagsOfStack(name) {
    const stack = this.stacks[name] ?? Object.values(this.stacks).find(({ id }) => id === name)
    return asKeys(stack?.tags ?? [])
  }

  stackOfChangeSet(id) {
    return this.changeSets[id]
  }

  keyOfBucket(bucket) {
    const found = this.of('AWS::S3::Bucket').find(({ id }) => id === bucket)
    const rules = found?.properties.BucketEncryption?.ServerSideEncryptionConfiguration ?? []
    return rules.map((rule) => rule.ServerSideEncryptionByDefault?.KMSMasterKeyID).find(Boolean)
  }

  keyOfTopic(topic) {
    const id = this.of('AWS::SNS::Topic').find(({ id }) => id === topic)?.properties.KmsMasterKeyId
    return id && this.keyArn(id)
  }

  keyOfWarehouse() {
    const id = this.of('AWS::RedshiftServerless::Namespace')[0]?.properties.KmsKeyId
    return id && this.keyArn(id)
  }

  keyArn(id) {
    return id.startsWith('arn:') ? id : this.arn('kms', `key/${id}`)
  }

  /** The tags of a resource, by its ID or one of its attributes, as condition keys. */
  tagsOf(id) {
    const found = this.resources.find((one) => one.id === id || Object.values(one.attributes ?? {}).includes(id))
    return asKeys(found?.properties.Tags ?? [])
  }

  workgroupArn(name) {
    const found = this.of('AWS::RedshiftServerless::Workgroup').find(({ id }) => id === name)
    return found?.attributes['Workgroup.WorkgroupArn'] ?? this.arn('redshift-serverless', 'workgroup/new')
  }

  namespaceArn(name) {
    const found = this.of('AWS::RedshiftServerless::Namespace').find(({ id }) => id === name)
    return found?.attributes['Namespace.NamespaceArn'] ?? this.arn('redshift-serverless', 'namespace/new')
  }

  /** The policy of a key that leaves its use to IAM. */
  leftToIam() {
    const root = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${this.account}:root` },
      Action: 'kms:*',
      Resource: '*',
    }
    return { Version: '2012-10-17', Statement: [root] }
  }

  /** The policy of the resource itself: of a bucket, a key or a topic. */
  policyOf(resource) {
    const bucket = resource.match(/^arn:aws:s3:::([^/]+)/)?.[1]
    const policies = this.of('AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy')
    const own = policies.find(({ properties }) =>
      bucket ? properties.Bucket === bucket : properties.Topics?.includes(resource),
    )
    const key = this.of('AWS::KMS::Key').find(({ attributes }) => attributes.Arn === resource)
    return own?.properties.PolicyDocument ?? key?.properties.KeyPolicy
  }

  /** The policies of the endpoints through which a call from the private subnets passes. */
  endpoints(service) {
    const own = service === 'cloudwatch' ? 'monitoring' : service
    const named = (name) => name.split('.').slice(3).join('.').split('.')[0] === own
    const found = this.of('AWS::EC2::VPCEndpoint').filter(
      ({ properties }) => named(properties.ServiceName) && properties.PolicyDocument,
    )
    return found.map(({ place, properties }) => ({ name: place, policy: properties.PolicyDocument }))
  }
}

const asKeys = (tags) => Object.fromEntries(tags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value]))

const userId = (place) => `AROA${Buffer.from(place).toString('hex').toUpperCase().slice(-16)}:session`

/** Why a call is denied, in the words of AWS (IAM User Guide, "Troubleshoot access denied error messages"). */
function reason({ analysis = {} }, action) {
  const kinds = [
    ['identityAnalysis', 'identity-based policy'],
    ['permissionBoundaryAnalysis', 'permissions boundary'],
    ['endpointAnalysis', 'VPC endpoint policy'],
    ['resourceAnalysis', 'resource-based policy'],
  ]
  const denied = kinds.find(([part]) => analysis[part]?.denyStatements?.length)
  if (denied)
    return `with an explicit deny in ${denied[1].startsWith('i') ? 'an' : 'a'} ${denied[1]}: ${named(analysis[denied[0]].denyStatements[0])}`
  const open = kinds.find(([part]) => analysis[part]?.result === 'ImplicitlyDenied')
  return `because no ${(open ?? kinds[3])[1]} allows the ${action} action`
}

const named = ({ policyId, explain }) => `${policyId ?? 'policy'}/${explain.identifier}`

/** Decides a check for a role; returns `{ allowed, statements, reason }`. `policy` is that of a resource that does not exist
 * yet; `inVpc`: the call comes from the private subnets. */
export async function decide(deployed, role, { action, resource, context, policy }, inVpc) {
  const service = action.split(':')[0]
  const result = await runSimulation(
    {
      identityPolicies: role.policies,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: policy ?? deployed.policyOf(resource),
      permissionBoundaryPolicies: role.boundary ? [role.boundary] : undefined,
      // Keys are used by other services, not through an endpoint.
      vpcEndpointPolicies: inVpc && service !== 'kms' ? deployed.endpoints(service) : undefined,
      request: {
        action,
        principal: role.session,
        resource: { resource, accountId: deployed.account },
        contextVariables: {
          'aws:RequestedRegion': deployed.region,
          'aws:SecureTransport': 'true',
          'aws:PrincipalAccount': deployed.account,
          'aws:PrincipalArn': role.arn,
          'aws:PrincipalType': 'AssumedRole',
          'aws:ViaAWSService': 'false',
          'aws:userid': role.user,
          ...(service === 's3' ? { 's3:TlsVersion': '1.3' } : {}),
          ...context,
        },
      },
    },
    {},
  )
  if (result.resultType === 'error')
    return { allowed: false, isUndecided: true, reason: `cannot be decided: ${JSON.stringify(result.errors)}` }
  const one = result.result ?? result.results[0] ?? {}
  const statements = (one.analysis?.identityAnalysis?.allowStatements ?? []).map(named)
  const allowed = result.overallResult === 'Allowed'
  return allowed ? { allowed, statements } : { allowed, reason: reason(one, action), nearest: nearest(one) }
}

/** The statements that allow the action on other resources or under other conditions, else other actions on the resource. */
function nearest({ analysis = {} }) {
  const others = analysis.identityAnalysis?.unmatchedStatements ?? []
  // A statement for every resource is not near.
  const isOurs = ({ resourceMatch, explain }) =>
    resourceMatch && [explain.resources].flat().some((one) => one?.matches && one.resource !== '*')
  const byAction = others.filter(({ actionMatch }) => actionMatch)
  return (byAction.length ? byAction : others.filter(isOurs)).map(named)
}
