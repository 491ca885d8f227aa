// Which permissions a request needs: its actions, each with a resource and the condition keys that the service sets, as
// the Service Authorization Reference lists them. A service that has no table here needs the action of the request's name on
// every resource, so a policy that names resources denies it.

/** Returns the checks for a request: `{ action, resource, context }`; null for one that is not in the tables. */
export function checks(request, deployed) {
  const { service } = request
  const table = {
    s3,
    cloudformation,
    batch,
    ecr,
    registry,
    logs,
    sns,
    airflow,
    // Everybody may ask who they are; nobody assumes another role.
    sts: ({ form }) => (form.get('Action') === 'GetCallerIdentity' ? [] : null),
    secretsmanager: ({ target, json }, deployed) => secrets(target, [json.SecretId], 'secretsmanager', deployed),
    ssm: ({ target, json }, deployed) => secrets(target, json.Names ?? [json.Name], 'ssm', deployed),
    'redshift-data': data,
    'redshift-serverless': serverless,
  }
  const generic = (request) => [{ action: `${prefix(service)}:${operation(request)}`, resource: '*' }]
  return (table[service] ?? generic)(request, deployed)?.map((check) => ({ context: {}, ...check })) ?? null
}

const prefix = (service) => ({ monitoring: 'cloudwatch' })[service] ?? service

/** The operation of a request, in any of AWS's protocols. */
export function operation({ target, form, path, method }) {
  return target?.split('.').pop() ?? form.get('Action') ?? `${method} ${path}`
}

// S3: one request may need several permissions; objects of an encrypted bucket also need its key (Amazon S3 User Guide,
// "Required permissions for Amazon S3 API operations").

/** Returns the check for the key of a bucket; a bucket without its own key needs none. */
function key(deployed, bucket, action) {
  const arn = deployed.keyOfBucket(bucket)
  return arn ? [useOf(deployed, arn, action, 's3')] : []
}

/** The use of a key through a service. */
function useOf(deployed, arn, action, service) {
  const context = { 'kms:ViaService': `${service}.${deployed.region}.amazonaws.com`, ...deployed.tagsOf(arn) }
  return { action: `kms:${action}`, resource: arn, context }
}

const READ_OF_BUCKET = {
  versions: 's3:ListBucketVersions',
  uploads: 's3:ListBucketMultipartUploads',
  versioning: 's3:GetBucketVersioning',
  encryption: 's3:GetEncryptionConfiguration',
  location: 's3:GetBucketLocation',
  policy: 's3:GetBucketPolicy',
}

/** Parameters that select no other operation. */
const PARAMETERS = [
  ...['continuation-token', 'delimiter', 'encoding-type', 'fetch-owner', 'key-marker', 'list-type', 'max-keys'],
  ...['max-uploads', 'partNumber', 'prefix', 'start-after', 'upload-id-marker', 'version-id-marker', 'x-id'],
]
/** Headers that need further permissions, which nobody here has. */
const HEADERS = ['x-amz-acl', 'x-amz-copy-source', 'x-amz-object-lock-mode', 'x-amz-tagging']

export function s3({ method, path, query, headers, body }, deployed) {
  const [bucket, ...rest] = decodeURIComponent(path).slice(1).split('/')
  const object = rest.join('/')
  const [inBucket, inObject] = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/${object}`]
  const asked = [...query.keys()].filter((name) => !PARAMETERS.includes(name))
  // The operation, such as `GET bucket?versions`.
  const operation = `${method === 'HEAD' ? 'GET' : method} ${object ? 'object' : 'bucket'}${asked.length ? `?${asked}` : ''}`
  if (HEADERS.some((name) => name in headers)) return null
  const on = (action, context = {}) => ({ action: `s3:${action}`, resource: object ? inObject : inBucket, context })
  // An object that must be the one that was read (Amazon S3 User Guide, "How to prevent object overwrites with
  // conditional writes").
  const compared = headers['if-match'] ? [on('GetObject')] : []
  const conditions = (creates) => ({
    's3:ObjectCreationOperation': String(creates),
    ...(headers['if-none-match'] ? { 's3:if-none-match': headers['if-none-match'] } : {}),
    ...(headers['if-match'] ? { 's3:if-match': headers['if-match'] } : {}),
  })
  switch (operation) {
    case 'GET bucket':
      return [on('ListBucket', query.has('prefix') ? { 's3:prefix': query.get('prefix') } : {})]
    case 'DELETE bucket':
      return [on('DeleteBucket')]
    case 'POST bucket?delete':
      return deletions(body.toString(), inBucket)
    case 'GET object':
      return [on('GetObject'), ...key(deployed, bucket, 'Decrypt')]
    case 'GET object?versionId':
      return [on('GetObjectVersion'), ...key(deployed, bucket, 'Decrypt')]
    case 'DELETE object':
      return [on('DeleteObject')]
    case 'DELETE object?versionId':
      return [on('DeleteObjectVersion')]
    case 'DELETE object?uploadId':
      return [on('AbortMultipartUpload')]
    case 'PUT object':
      return [...compared, on('PutObject', conditions(true)), ...key(deployed, bucket, 'GenerateDataKey')]
    case 'POST object?uploads':
      return [on('PutObject', conditions(false)), ...key(deployed, bucket, 'GenerateDataKey')]
    // Each part, and the end of the upload, decrypts the upload's data key.
    case 'PUT object?uploadId':
      return [
        on('PutObject', conditions(false)),
        ...['GenerateDataKey', 'Decrypt'].flatMap((use) => key(deployed, bucket, use)),
      ]
    case 'POST object?uploadId':
      return [...compared, on('PutObject', conditions(true)), ...key(deployed, bucket, 'Decrypt')]
    default: {
      const read = operation.startsWith('GET bucket?') && READ_OF_BUCKET[asked[0]]
      return read ? [{ action: read, resource: inBucket }] : null
    }
  }
}

/** The objects and versions in the body of DeleteObjects; null if there are none, or one cannot be read. */
function deletions(body, inBucket) {
  const members = [...body.matchAll(/<Object\b[^>]*>(.*?)<\/Object>/gs)].map(([, member]) => {
    const name = member.match(/<Key>(.*?)<\/Key>/s)?.[1]
    const action = member.includes('<VersionId>') ? 's3:DeleteObjectVersion' : 's3:DeleteObject'
    return name && { action, resource: `${inBucket}/${unescaped(name)}` }
  })
  return members.length && members.every(Boolean) ? members : null
}

const unescaped = (text) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')

function cloudformation({ form }, deployed) {
  const action = form.get('Action')
  if (['DescribeStackDriftDetectionStatus', 'DescribeEvents', 'ListStacks', 'ValidateTemplate'].includes(action)) {
    return [{ action: `cloudformation:${action}`, resource: '*' }]
  }
  const name = form.get('StackName') ?? deployed.stackOfChangeSet(form.get('ChangeSetName'))
  const resource = name ? deployed.stackArn(name) : '*'
  const tags = [...form.keys()].some((name) => name.startsWith('Tags.member.'))
  const imports = [...form].flatMap(([key, type]) => (/^ResourcesToImport\..*\.ResourceType$/.test(key) ? [type] : []))
  const context = {
    ...(name && deployed.tagsOfStack(name)),
    ...(imports.length && { 'cloudformation:ImportResourceTypes': imports }),
  }
  const tagged = tags ? [{ action: 'cloudformation:TagResource', resource, context }] : []
  // No role is passed to CloudFormation.
  if (form.has('RoleARN')) return null
  const drift =
    action === 'DetectStackDrift'
      ? [
          { action: 'cloudformation:DetectStackResourceDrift', resource, context },
          { action: 'cloudformation:BatchDescribeTypeConfigurations', resource: '*' },
        ]
      : []
  return [{ action: `cloudformation:${action}`, resource, context }, ...tagged, ...drift]
}

function batch({ path, json }, deployed) {
  const operations = [
    'SubmitJob',
    'TagResource',
    'DescribeJobs',
    'ListJobs',
    'TerminateJob',
    'CancelJob',
    'DescribeJobQueues',
    'DescribeComputeEnvironments',
    'DescribeJobDefinitions',
  ]
  const last = path.split('/').pop()
  const action = operations.find((name) => name.toLowerCase() === last.toLowerCase())
  const arn = (rest) => deployed.arn('batch', rest)
  const named = (kind, name) => (name.startsWith('arn:') ? name : arn(`${kind}/${name}`))
  // Without a revision, Batch takes the newest one, and its ARN has it (AWS Batch User Guide, "Restrict to job definition
  // prefix on job submission"); it has been reported to check the name alone (aws-sdk-js, issue 4280). Both are required.
  const definitions = (name) => (/:\d+$/.test(name) ? [name] : [name, `${name}:1`])
  switch (action) {
    // A tag on the job itself needs another permission (Service Authorization Reference, "AWS Batch": SubmitJob).
    case 'SubmitJob':
      return [
        { action: 'batch:SubmitJob', resource: named('job-queue', json.jobQueue) },
        ...definitions(named('job-definition', json.jobDefinition)).map((resource) => ({
          action: 'batch:SubmitJob',
          resource,
        })),
        ...(json.tags ? [{ action: 'batch:TagResource', resource: arn('job/new') }] : []),
      ]
    case 'TerminateJob':
    case 'CancelJob':
      return [{ action: `batch:${action}`, resource: arn(`job/${json.jobId}`) }]
    default:
      return [{ action: `batch:${action ?? last}`, resource: '*' }]
  }
}

function ecr({ target, json }, deployed) {
  const action = target.split('.').pop()
  const repositories = json.repositoryNames ?? (json.repositoryName ? [json.repositoryName] : [])
  if (!repositories.length) return [{ action: `ecr:${action}`, resource: '*' }]
  return repositories.map((name) => ({ action: `ecr:${action}`, resource: deployed.arn('ecr', `repository/${name}`) }))
}

/** Requests to the registry (Amazon ECR User Guide, "Required IAM permissions for pushing an image"). */
function registry({ method, path }, deployed) {
  if (path === '/v2/') return []
  const [, name, kind, rest] = path.match(/^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/) ?? []
  const upload = {
    POST: 'InitiateLayerUpload',
    PATCH: 'UploadLayerPart',
    GET: 'UploadLayerPart',
    PUT: 'CompleteLayerUpload',
  }
  const actions = {
    manifests: { HEAD: 'BatchGetImage', GET: 'BatchGetImage', PUT: 'PutImage' },
    blobs: rest?.startsWith('uploads/')
      ? upload
      : { HEAD: 'BatchCheckLayerAvailability', GET: 'GetDownloadUrlForLayer' },
  }
  const action = actions[kind]?.[method]
  return action ? [{ action: `ecr:${action}`, resource: deployed.arn('ecr', `repository/${name}`) }] : null
}

function logs({ target, json }, deployed) {
  const action = target.split('.').pop()
  const group = json.logGroupName ?? json.logGroupIdentifier
  if (!group) return [{ action: `logs:${action}`, resource: '*' }]
  const stream = json.logStreamName && ['GetLogEvents', 'PutLogEvents', 'CreateLogStream'].includes(action)
  const below = stream ? `log-stream:${json.logStreamName}` : '*'
  return [{ action: `logs:${action}`, resource: deployed.arn('logs', `log-group:${group}:${below}`) }]
}

/** A secret, or parameters, by their ARNs; one that is encrypted with a customer managed key needs the key. */
function secrets(target, arns, service, deployed) {
  return arns.flatMap((arn) => {
    const key = deployed.secretKeys[arn]
    const use = key ? [{ ...useOf(deployed, key, 'Decrypt', service), policy: deployed.leftToIam() }] : []
    return [{ action: `${service}:${target.split('.').pop()}`, resource: arn ?? '*' }, ...use]
  })
}

function sns({ form }, deployed) {
  const [action, topic] = [form.get('Action'), form.get('TopicArn')]
  const arn = topic && deployed.keyOfTopic(topic)
  // Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys": a publisher needs both.
  const keys =
    arn && action === 'Publish' ? ['Decrypt', 'GenerateDataKey'].map((use) => useOf(deployed, arn, use, 'sns')) : []
  return [{ action: `sns:${action}`, resource: topic ?? '*' }, ...keys]
}

function airflow({ method, path }, deployed) {
  const [, kind, name] = decodeURIComponent(path).split('/')
  const rest = { restapi: 'InvokeRestApi', webtoken: 'CreateWebLoginToken', clitoken: 'CreateCliToken' }[kind]
  if (rest) return [{ action: `airflow:${rest}`, resource: deployed.arn('airflow', `role/${name}/Admin`) }]
  return kind === 'environments' && method === 'GET' && name
    ? [{ action: 'airflow:GetEnvironment', resource: deployed.arn('airflow', `environment/${name}`) }]
    : null
}

/** Requests to the Data API; a statement belongs to the session that sent it. */
function data({ target, json }, deployed) {
  const action = target.split('.').pop()
  if (!action.endsWith('ExecuteStatement')) {
    const owner = { 'redshift-data:statement-owner-iam-userid': deployed.ownerOf(json.Id) }
    return [{ action: `redshift-data:${action.replace(/V2$/, '')}`, resource: '*', context: owner }]
  }
  const resource = deployed.workgroupArn(json.WorkgroupName)
  const [key, context] = [deployed.keyOfWarehouse(), deployed.tagsOf(resource)]
  return [
    { action: `redshift-data:${action}`, resource, context },
    // Without a secret, the caller's role becomes the database user.
    ...(json.SecretArn
      ? [
          { action: 'secretsmanager:GetSecretValue', resource: json.SecretArn },
          ...(key ? [useOf(deployed, key, 'Decrypt', 'secretsmanager')] : []),
        ]
      : [{ action: 'redshift-serverless:GetCredentials', resource, context }]),
    ...(key
      ? [
          {
            action: 'kms:CreateGrant',
            resource: key,
            context: { 'kms:GrantIsForAWSResource': 'true', ...deployed.tagsOf(key) },
          },
          { action: 'kms:DescribeKey', resource: key, context: deployed.tagsOf(key) },
        ]
      : []),
  ]
}

function serverless({ target, json }, deployed) {
  const action = target.split('.').pop()
  const name = json.workgroupName
  const namespace = json.namespaceName && !name
  const resource = name ? deployed.workgroupArn(name) : namespace ? deployed.namespaceArn(json.namespaceName) : '*'
  return [{ action: `redshift-serverless:${action}`, resource, context: deployed.tagsOf(resource) }]
}
