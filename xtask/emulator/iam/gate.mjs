// A proxy in front of the emulators that enforces the deployed IAM policies, which the emulators do not:
//
//     node gate.mjs CONFIG        IAM_PACKAGES is a folder with the packages of `package.json`
//
// CONFIG is a JSON file:
//
//     {"port": 1, "region": "", "account": "", "prefix": "the stacks'", "log": "calls.jsonl",
//      "administrator": "the access key that may do everything",
//      "secretKeys": {"<ARN of a secret>": "<ARN of its key>"},
//      "upstreams": {"": 2, "batch": 3}}           ports by service; "" is the port for all others
//
// Each request is turned into the permissions that it needs (`requests.mjs`). They are decided by the policies of the
// role that signed it (`policies.mjs`): its own, its boundary, the policy of the bucket, key or topic, and the policies
// of the VPC endpoints. A denial is answered as the service would, and a missing object is 403 for a role that may not
// list the bucket. The emulated CloudFormation asks here (`POST /authorize`) before it changes a resource
// (`handlers.mjs`). Each different check is written to the log once, with the statements that allow it.
//
// Not verified: signatures; trust policies; service control policies and session policies; condition keys that the other
// files do not set.

import { appendFileSync, readFileSync } from 'node:fs'
import http from 'node:http'

import { handlerChecks } from './handlers.mjs'
import { bodyOf, decide, Deployed, isInVpc, read as readStacks, roleOf, send } from './policies.mjs'
import { checks, operation } from './requests.mjs'
import { SIMULATIONS, simulate } from './simulate.mjs'

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'))
/** How long a state of the stacks is used, in milliseconds. */
const FRESH = 1000
/** Services with XML errors. */
const XML = ['s3', 'sns', 'cloudformation', 'sts', 'iam', 'ec2', 'monitoring']

let state = { time: 0, deployed: null }
const owners = new Map()
const decided = new Map()

const portOf = (service) => config.upstreams[service] ?? config.upstreams['']

/** Returns the stacks as they were at most a second ago. */
async function deployed() {
  if (Date.now() - state.time > FRESH) {
    const deployed = new Deployed(config, await readStacks(config))
    deployed.ownerOf = (id) => owners.get(id?.split(':')[0]) ?? 'unknown'
    state = { time: Date.now(), deployed }
  }
  return state.deployed
}

const logged = new Set()

/** Decides a check, and logs it the first time. */
async function verdict(all, key, check) {
  const place = roleOf(config, key, all)
  const role = all.role(place)
  const { policy = all.policyOf(check.resource), ...call } = check
  const endpoints = isInVpc(key) ? all.endpoints(check.action.split(':')[0]) : []
  const id = JSON.stringify([role, call, policy, endpoints])
  if (!decided.has(id)) {
    const missing = { allowed: false, statements: [], reason: `because the role ${place} does not exist` }
    decided.set(id, role ? await decide(all, role, check, isInVpc(key)) : missing)
  }
  const found = decided.get(id)
  log({ role: place, ...call, ...found })
  return found
}

function log(checked) {
  const line = JSON.stringify(checked)
  if (logged.has(line)) return
  logged.add(line)
  appendFileSync(config.log, `${line}\n`)
}

/** The service's words, and which statement comes nearest. */
function message(who, { action, resource }, { reason, nearest = [] }) {
  const near = nearest.length ? ` (nearest statement: ${nearest.join(', ')})` : ''
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${reason}${near}`
}

/** Returns why a role may not do all that a handler of a resource does, or null. */
async function denied(all, key, resource) {
  if (!roleOf(config, key)) return null
  for (const check of await handlerChecks(resource, all)) {
    const found = await verdict(all, key, check)
    if (!found.allowed) return message(all.role(roleOf(config, key))?.session, check, found)
  }
  return null
}

/** Answers a denied request as the service does. */
function deny(response, { service, method }, who, check, found) {
  return denyWith(response, { service, method }, message(who, check, found))
}

function denyWith(response, { service, method }, message) {
  const escaped = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  if (service === 's3') {
    response.writeHead(403, { 'content-type': 'application/xml' })
    return response.end(
      method === 'HEAD'
        ? ''
        : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>${escaped}</Message></Error>`,
    )
  }
  if (XML.includes(service)) {
    response.writeHead(403, { 'content-type': 'text/xml' })
    return response.end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${escaped}</Message></Error></ErrorResponse>`,
    )
  }
  if (service === 'registry') {
    response.writeHead(403, { 'content-type': 'application/json' })
    return response.end(JSON.stringify({ errors: [{ code: 'DENIED', message }] }))
  }
  const status = ['batch', 'airflow'].includes(service) ? 403 : 400
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-errortype': 'AccessDeniedException',
  })
  response.end(JSON.stringify({ __type: 'AccessDeniedException', message, Message: message }))
}

const parsed = (body) => {
  try {
    return JSON.parse(body)
  } catch {
    return {}
  }
}

/** Returns the access key and the service of a request. The password for the registry is the access key. */
function principal(url, headers) {
  const authorization = headers.authorization ?? ''
  if (url.pathname.startsWith('/v2/')) {
    const [, password] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':')
    return [password, 'registry']
  }
  return /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(authorization)?.slice(1) ?? []
}

async function handle(incoming, outgoing) {
  const url = new URL(incoming.url, 'http://gate')
  const { method, headers } = incoming
  const [key, service] = principal(url, headers)
  const body = await bodyOf(incoming)
  if (url.pathname === '/authorize' && !service) {
    const { key, resource, state } = parsed(body)
    const answer = { denied: await denied(new Deployed(config, state), key, resource) }
    return outgoing.end(JSON.stringify(answer))
  }
  const request = {
    method,
    headers,
    path: url.pathname,
    query: url.searchParams,
    service,
    body,
    target: headers['x-amz-target'],
  }
  request.json = parsed(body)
  request.form = new URLSearchParams(headers['content-type']?.includes('form-urlencoded') ? body.toString() : '')
  const sent = { ...headers }
  // The emulated registry knows no passwords.
  if (service === 'registry') delete sent.authorization
  const forward = () => send(portOf(service), { method, path: incoming.url, headers: sent }, body)
  if (request.target?.endsWith('.GetAuthorizationToken')) return authorize(await forward(), key, outgoing)
  if (service === 'registry' && !key) {
    // Docker sends its credentials only when it is asked.
    outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' })
    return outgoing.end()
  }
  if (key === config.administrator) {
    if (service !== 'iam' || !SIMULATIONS.includes(request.form.get('Action'))) return pass(await forward(), outgoing)
    const answer = await simulate(request.form, await deployed())
    outgoing.writeHead(answer ? 200 : 404, { 'content-type': 'text/xml' })
    return outgoing.end(answer ?? '<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>')
  }
  // A stack that was just deleted can be created again.
  if (service === 'cloudformation') state.time = 0
  const all = await deployed()
  const place = roleOf(config, key, all)
  if (!place) {
    const found = { reason: 'because no principal has this access key' }
    return deny(outgoing, request, key ?? 'anonymous', { action: operation(request), resource: '*' }, found)
  }
  const needed = checks(request, all)
  const who = all.role(place)
  if (!needed) {
    const [unknown, reason] = [
      { action: `${service}:${operation(request)}`, resource: '*' },
      'because no table has this request',
    ]
    log({ role: place, ...unknown, allowed: false, reason })
    return deny(outgoing, request, who?.session ?? key, unknown, { reason })
  }
  for (const check of needed) {
    const found = await verdict(all, key, check)
    if (!found.allowed) return deny(outgoing, request, who?.session ?? key, check, found)
  }
  if (request.form.get('Action') === 'DetectStackDrift') {
    for (const resource of all.ofStack(request.form.get('StackName'))) {
      const reason = await denied(all, key, { ...resource, handler: 'read' })
      if (reason) return denyWith(outgoing, request, reason)
    }
  }
  const response = await forward()
  if (service === 's3' && response.statusCode === 404 && ['GET', 'HEAD'].includes(method)) {
    // Whether an object exists is shown only to those who may list the bucket.
    const check = { action: 's3:ListBucket', resource: needed[0].resource.split('/')[0], context: {} }
    const found = await verdict(all, key, check)
    if (!found.allowed) {
      response.resume()
      return deny(outgoing, request, who.session, check, found)
    }
  }
  if (service === 'redshift-data' && needed[0].action.endsWith('ExecuteStatement')) {
    const text = await bodyOf(response)
    owners.set(parsed(text).Id, who.user)
    outgoing.writeHead(response.statusCode, response.headers)
    return outgoing.end(text)
  }
  pass(response, outgoing)
}

/** Passes a token for the registry on, with the access key as its password. */
async function authorize(response, key, outgoing) {
  const body = parsed(await bodyOf(response))
  for (const data of body.authorizationData ?? [])
    data.authorizationToken = Buffer.from(`AWS:${key}`).toString('base64')
  outgoing.writeHead(response.statusCode, { 'content-type': 'application/x-amz-json-1.1' })
  outgoing.end(JSON.stringify(body))
}

function pass(response, outgoing) {
  outgoing.writeHead(response.statusCode, response.headers)
  response.pipe(outgoing)
}

const server = http.createServer((incoming, outgoing) => {
  handle(incoming, outgoing).catch((error) => {
    console.error(error)
    if (!outgoing.headersSent) outgoing.writeHead(502)
    outgoing.end(String(error))
  })
})
// Transfers of large objects may take long.
server.requestTimeout = 0
server.listen(config.port, '127.0.0.1')
