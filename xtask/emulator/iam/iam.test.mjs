// `node --test`, with the packages at IAM_PACKAGES: which permissions requests and handlers need, and what policies decide.

import assert from 'node:assert/strict'
import test from 'node:test'

import { HANDLERS, handlerChecks, lowered, NOT_NEEDED } from './handlers.mjs'
import { decide, Deployed, roleOf } from './policies.mjs'
import { checks } from './requests.mjs'
import { simulate } from './simulate.mjs'

const KEY = 'arn:aws:kms:eu-west-1:000000000000:key/k'
const statement = (Sid, Action, Resource, more = {}) => ({ Sid, Effect: 'Allow', Action, Resource, ...more })
const policy = (...Statement) => ({ Version: '2012-10-17', Statement })
const role = (Policies, more) => ({
  type: 'AWS::IAM::Role',
  id: 'r',
  attributes: { Arn: 'arn:aws:iam::000000000000:role/r' },
  properties: { Policies, ...more },
})

const deployed = new Deployed(
  {
    region: 'eu-west-1',
    account: '000000000000',
    secretKeys: {
      'arn:aws:secretsmanager:eu-west-1:000000000000:secret:p/shop-AbCdEf':
        'arn:aws:kms:eu-west-1:000000000000:key/of-secret',
    },
  },
  {
    changeSets: { 'arn:set': 'P-storage' },
    stacks: {
      'P-storage': {
        id: 'arn:aws:cloudformation:eu-west-1:000000000000:stack/P-storage/1',
        resources: {
          Key: {
            type: 'AWS::KMS::Key',
            id: 'k',
            attributes: { Arn: KEY },
            properties: {
              Tags: [{ Key: 'project', Value: 'p' }],
              KeyPolicy: policy({
                Effect: 'Allow',
                Principal: { AWS: 'arn:aws:iam::000000000000:root' },
                Action: 'kms:*',
                Resource: '*',
              }),
            },
          },
          Lake: {
            type: 'AWS::S3::Bucket',
            id: 'lake',
            attributes: {},
            properties: {
              BucketEncryption: {
                ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { KMSMasterKeyID: KEY } }],
              },
            },
          },
          Topic: {
            type: 'AWS::SNS::Topic',
            id: 'arn:aws:sns:eu-west-1:000000000000:t',
            attributes: {},
            properties: { KmsMasterKeyId: 'k' },
          },
          Boundary: {
            type: 'AWS::IAM::ManagedPolicy',
            id: 'arn:b',
            attributes: {},
            properties: { PolicyDocument: policy(statement('Only', 's3:Get*', '*')) },
          },
          Reader: role([
            {
              PolicyName: 'lake',
              PolicyDocument: policy(
                statement('Read', 's3:GetObject', 'arn:aws:s3:::lake/raw/*'),
                statement('Use', 'kms:Decrypt', KEY),
              ),
            },
          ]),
          Bounded: role([{ PolicyName: 'all', PolicyDocument: policy(statement('All', '*', '*')) }], {
            PermissionsBoundary: 'arn:b',
          }),
          Denied: role([
            {
              PolicyName: 'all',
              PolicyDocument: policy(statement('All', '*', '*'), {
                ...statement('Never', 's3:DeleteObject', '*'),
                Effect: 'Deny',
              }),
            },
          ]),
        },
      },
    },
  },
)
deployed.ownerOf = () => 'someone'

/** The permissions that a request needs, as `action resource`. */
const needs = (service, method, path, { headers = {}, body = '', target, form = '' } = {}) => {
  const url = new URL(path, 'http://x')
  const json = body.startsWith('{') ? JSON.parse(body) : {}
  const request = {
    service,
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body,
    target,
    json,
    form: new URLSearchParams(form),
  }
  return checks(request, deployed)?.map(({ action, resource }) => `${action} ${resource}`) ?? null
}
const [BUCKET, OBJECT] = ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/raw/x']

test('S3: objects of an encrypted bucket also need its key', () => {
  assert.deepEqual(needs('s3', 'GET', '/lake/raw/x'), [`s3:GetObject ${OBJECT}`, `kms:Decrypt ${KEY}`])
  assert.deepEqual(needs('s3', 'PUT', '/lake/raw/x'), [`s3:PutObject ${OBJECT}`, `kms:GenerateDataKey ${KEY}`])
  assert.deepEqual(needs('s3', 'PUT', '/other/x'), ['s3:PutObject arn:aws:s3:::other/x'])
  assert.deepEqual(needs('s3', 'PUT', '/lake/raw/x?uploadId=u&partNumber=1'), [
    `s3:PutObject ${OBJECT}`,
    `kms:GenerateDataKey ${KEY}`,
    `kms:Decrypt ${KEY}`,
  ])
  assert.deepEqual(needs('s3', 'POST', '/lake/raw/x?uploadId=u'), [`s3:PutObject ${OBJECT}`, `kms:Decrypt ${KEY}`])
  assert.equal(
    needs('s3', 'PUT', '/lake/raw/x', { headers: { 'x-amz-copy-source': '/lake/raw/y' } }),
    null,
    'nothing is copied',
  )
  assert.deepEqual(needs('s3', 'PUT', '/lake/raw/x', { headers: { 'if-match': 'e' } })[0], `s3:GetObject ${OBJECT}`)
})

test('S3: buckets, versions and deletions', () => {
  assert.deepEqual(needs('s3', 'GET', '/lake?list-type=2&prefix=raw/'), [`s3:ListBucket ${BUCKET}`])
  assert.deepEqual(needs('s3', 'GET', '/lake?versions'), [`s3:ListBucketVersions ${BUCKET}`])
  assert.deepEqual(needs('s3', 'DELETE', '/lake/raw/x?uploadId=u'), [`s3:AbortMultipartUpload ${OBJECT}`])
  for (const path of ['/lake?acl', '/lake/raw/x?tagging', '/lake/raw/x?uploadId=u&acl'])
    assert.equal(needs('s3', 'GET', path), null)
  assert.equal(needs('s3', 'POST', '/lake?delete', { body: '<Delete/>' }), null)
  const body =
    '<Delete><Object xmlns="s"><Key>a&amp;b</Key></Object><Object><VersionId>1</VersionId><Key>c</Key></Object></Delete>'
  assert.deepEqual(needs('s3', 'POST', '/lake?delete', { body }), [
    `s3:DeleteObject ${BUCKET}/a&b`,
    `s3:DeleteObjectVersion ${BUCKET}/c`,
  ])
  assert.equal(needs('s3', 'PUT', '/lake'), null, 'nobody creates a bucket without CloudFormation')
})

test('a secret that has a key also needs it', () => {
  const parameter = 'arn:aws:ssm:eu-west-1:000000000000:parameter/p/shop'
  const secret = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:p/shop-AbCdEf'
  const parameters = { target: 'AmazonSSM.GetParameters', body: JSON.stringify({ Names: [parameter] }) }
  assert.deepEqual(needs('ssm', 'POST', '/', parameters), [`ssm:GetParameters ${parameter}`])
  const value = { target: 'secretsmanager.GetSecretValue', body: JSON.stringify({ SecretId: secret }) }
  assert.deepEqual(needs('secretsmanager', 'POST', '/', value), [
    `secretsmanager:GetSecretValue ${secret}`,
    'kms:Decrypt arn:aws:kms:eu-west-1:000000000000:key/of-secret',
  ])
})

test('Fargate signs with the name of an execution role', () => {
  assert.equal(roleOf({ prefix: 'P' }, 'r', deployed), 'P-storage.Reader')
  assert.equal(roleOf({ prefix: 'P' }, 'dbt', deployed), 'P-compute.DbtRole')
  assert.equal(roleOf({ prefix: 'P' }, 'nobody', deployed), null)
})

test('every other service', () => {
  const storage = 'arn:aws:cloudformation:eu-west-1:000000000000:stack/P-storage/1'
  assert.deepEqual(needs('cloudformation', 'POST', '/', { form: 'Action=DetectStackDrift&StackName=P-storage' }), [
    `cloudformation:DetectStackDrift ${storage}`,
    `cloudformation:DetectStackResourceDrift ${storage}`,
    'cloudformation:BatchDescribeTypeConfigurations *',
  ])
  assert.deepEqual(needs('registry', 'POST', '/v2/a/b/blobs/uploads/'), [
    'ecr:InitiateLayerUpload arn:aws:ecr:eu-west-1:000000000000:repository/a/b',
  ])
  assert.deepEqual(needs('registry', 'PUT', '/v2/b/manifests/sha256:1'), [
    'ecr:PutImage arn:aws:ecr:eu-west-1:000000000000:repository/b',
  ])
  assert.equal(needs('registry', 'DELETE', '/v2/b/manifests/sha256:1'), null)
  assert.deepEqual(needs('cloudformation', 'POST', '/', { form: 'Action=ExecuteChangeSet&ChangeSetName=arn:set' }), [
    'cloudformation:ExecuteChangeSet arn:aws:cloudformation:eu-west-1:000000000000:stack/P-storage/1',
  ])
  assert.deepEqual(
    needs('batch', 'POST', '/v1/submitjob', { body: '{"jobQueue":"q","jobDefinition":"d","tags":{"a":"b"}}' }),
    [
      'batch:SubmitJob arn:aws:batch:eu-west-1:000000000000:job-queue/q',
      'batch:SubmitJob arn:aws:batch:eu-west-1:000000000000:job-definition/d',
      'batch:SubmitJob arn:aws:batch:eu-west-1:000000000000:job-definition/d:1',
      'batch:TagResource arn:aws:batch:eu-west-1:000000000000:job/new',
    ],
  )
  assert.deepEqual(
    needs('sns', 'POST', '/', { form: 'Action=Publish&TopicArn=arn:aws:sns:eu-west-1:000000000000:t' }),
    ['sns:Publish arn:aws:sns:eu-west-1:000000000000:t', `kms:Decrypt ${KEY}`, `kms:GenerateDataKey ${KEY}`],
  )
  assert.deepEqual(
    needs('redshift-data', 'POST', '/', { target: 'RedshiftData.GetStatementResult', body: '{"Id":"1"}' }),
    ['redshift-data:GetStatementResult *'],
  )
  assert.deepEqual(
    needs('redshift-data', 'POST', '/', { target: 'RedshiftData.ExecuteStatement', body: '{"WorkgroupName":"w"}' }).map(
      (need) => need.split(' ')[0],
    ),
    ['redshift-data:ExecuteStatement', 'redshift-serverless:GetCredentials'],
  )
  assert.deepEqual(needs('dynamodb', 'POST', '/', { target: 'DynamoDB_20120810.GetItem' }), ['dynamodb:GetItem *'])
})

const decided = (name, action, resource) =>
  decide(deployed, deployed.role(`P-storage.${name}`), { action, resource, context: {} }, false)

test('a decision names the statement, or why there is none', async () => {
  assert.deepEqual(await decided('Reader', 's3:GetObject', OBJECT), { allowed: true, statements: ['lake/Read'] })
  assert.deepEqual(await decided('Reader', 's3:GetObject', `${BUCKET}/other`), {
    allowed: false,
    reason: 'because no identity-based policy allows the s3:GetObject action',
    nearest: ['lake/Read'],
  })
  assert.equal((await decided('Reader', 'kms:Decrypt', KEY)).allowed, true, 'the key policy leaves it to IAM')
  assert.equal(
    (await decided('Bounded', 's3:PutObject', OBJECT)).reason,
    'because no permissions boundary allows the s3:PutObject action',
  )
  assert.equal(
    (await decided('Denied', 's3:DeleteObject', OBJECT)).reason,
    'with an explicit deny in an identity-based policy: all/Never',
  )
  assert.equal((await decided('Reader', 's3:Nonsense', OBJECT)).isUndecided, true)
})

test('a handler needs what its schema lists, except for properties that the resource does not have', async () => {
  const bucket = (properties) =>
    handlerChecks(
      {
        handler: 'create',
        type: 'AWS::S3::Bucket',
        name: 'B',
        stack: 'P',
        properties: { BucketName: 'b', ...properties },
      },
      deployed,
    )
  const actions = async (properties) => (await bucket(properties)).map(({ action }) => action)
  assert.ok((await bucket({})).every(({ resource }) => resource === 'arn:aws:s3:::b'))
  assert.ok(!(await actions({})).includes('s3:PutReplicationConfiguration'))
  assert.ok((await actions({ ReplicationConfiguration: {} })).includes('s3:PutReplicationConfiguration'))
  const bounded = { RoleName: 'n', PermissionsBoundary: 'arn:b' }
  const [create] = (
    await handlerChecks(
      { handler: 'create', type: 'AWS::IAM::Role', name: 'R', stack: 'P', properties: bounded },
      deployed,
    )
  ).filter(({ action }) => action === 'iam:CreateRole')
  assert.equal(create.context['iam:PermissionsBoundary'], 'arn:b')
})

test('a channel of Slack is created with its tag, by name, and with a role for chat applications alone', async () => {
  const checks = async (handler) =>
    Object.fromEntries(
      (
        await handlerChecks(
          {
            handler,
            type: 'AWS::Chatbot::SlackChannelConfiguration',
            name: 'S',
            stack: 'P',
            properties: {
              ConfigurationName: 'c',
              IamRoleArn: 'arn:aws:iam::000000000000:role/r',
              Tags: [{ Key: 'project', Value: 'p' }],
            },
          },
          deployed,
        )
      ).map(({ action, resource, context }) => [action, { resource, context }]),
    )
  const { 'aws:RequestTag/project': tag } = (await checks('create'))['chatbot:CreateSlackChannelConfiguration'].context
  const pass = (await checks('create'))['iam:PassRole']
  const linked = (await checks('create'))['iam:CreateServiceLinkedRole'].context['iam:AWSServiceName']
  assert.deepEqual([tag, linked], ['p', 'management.chatbot.amazonaws.com'])
  assert.equal(pass.resource, 'arn:aws:iam::000000000000:role/r')
  assert.equal(pass.context['iam:PassedToService'], 'chatbot.amazonaws.com')
  const deletion = await checks('delete')
  assert.deepEqual(Object.keys(deletion).sort(), ['chatbot:DeleteSlackChannelConfiguration', 'chatbot:ListAssociations'])
  const arn = 'arn:aws:chatbot::000000000000:chat-configuration/slack-channel/c'
  assert.ok(Object.values(deletion).every(({ resource }) => resource === arn))
})

test('a type that is not known is denied, and a custom resource calls its function', async () => {
  const unknown = { handler: 'create', type: 'AWS::SSM::Parameter', name: 'P', stack: 'P', properties: {} }
  const [check] = await handlerChecks(unknown, deployed)
  assert.equal((await decided('Denied', check.action, check.resource)).allowed, false)
  const custom = { ...unknown, type: 'Custom::X', properties: { ServiceToken: 'arn:f' } }
  assert.deepEqual(await handlerChecks(custom, deployed), [
    { action: 'lambda:InvokeFunction', resource: 'arn:f', context: {} },
  ])
})

test('every exception is about a permission that a schema lists', () => {
  for (const [type, why, pattern] of NOT_NEEDED) {
    const listed = Object.values(HANDLERS[type]).flat().map(lowered)
    assert.ok(
      listed.some((action) => pattern.test(action)),
      `${type}: ${why}`,
    )
  }
})

test('a simulation considers conditions, boundaries and denials, and knows the roles', async () => {
  const tagged = { Condition: { StringEquals: { 'aws:ResourceTag/project': 'p' } } }
  const own = policy(
    statement('Own', 'kms:Decrypt', '*', tagged),
    statement('Any', ['sqs:*', 's3:GetObject'], '*'),
    statement('Not', 'sqs:DeleteQueue', '*', { Effect: 'Deny' }),
  )
  const decisions = async (resource, actions, more = {}) => {
    const form = new URLSearchParams({ Action: 'SimulateCustomPolicy', 'ResourceArns.member.1': resource, ...more })
    form.set('PolicyInputList.member.1', JSON.stringify(own))
    actions.forEach((action, index) => form.set(`ActionNames.member.${index + 1}`, action))
    return [...(await simulate(form, deployed)).matchAll(/<EvalDecision>(\w+)</g)].map(([, decision]) => decision)
  }
  const project = {
    'ContextEntries.member.1.ContextKeyName': 'aws:ResourceTag/project',
    'ContextEntries.member.1.ContextKeyType': 'string',
    'ContextEntries.member.1.ContextKeyValues.member.1': 'p',
  }
  assert.deepEqual(await decisions(KEY, ['kms:Decrypt']), ['implicitDeny'])
  assert.deepEqual(await decisions(KEY, ['kms:Decrypt', 'kms:Encrypt'], project), ['allowed', 'implicitDeny'])
  assert.deepEqual(await decisions(OBJECT, ['s3:GetObject']), ['allowed'])
  const queue = 'arn:aws:sqs:eu-west-1:000000000000:q'
  assert.deepEqual(await decisions(queue, ['sqs:SendMessage', 'sqs:DeleteQueue']), ['allowed', 'explicitDeny'])
  const boundary = {
    'PermissionsBoundaryPolicyInputList.member.1': JSON.stringify(policy(statement('B', 's3:*', '*'))),
  }
  assert.deepEqual(await decisions(queue, ['sqs:SendMessage'], boundary), ['implicitDeny'])
  const unknown = { Action: 'SimulatePrincipalPolicy', PolicySourceArn: 'arn:aws:iam::000000000000:role/none' }
  assert.equal(await simulate(new URLSearchParams(unknown), deployed), null)
})
