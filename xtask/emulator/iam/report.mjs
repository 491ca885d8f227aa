// Prints the result of a rehearsal, with the same arguments as `gate.mjs`:
//
//     {"calls": {"<role>": ["<action>", …]},   what each role used
//      "problems": ["…"]}                      denied calls, and calls that lead out of the boundary
//
// The second are the calls of `escapes.txt` that a role may make: the roles of GitHub's jobs, and a role with every
// permission that one of them might create, behind the boundary of the stacks' roles.

import { readFileSync } from 'node:fs'

import { decide, Deployed, KEYS, read, roleOf } from './policies.mjs'

/** Calls that roles try although they may be denied: `status` then says that it cannot verify the last load. */
const TRIED = [['ci.PlanRole', 'redshift-data:ExecuteStatement']]

/** Condition keys with several values. */
const LISTS = ['aws:CalledVia', 'cloudformation:ImportResourceTypes']

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const [calls, problems] = [{}, []]
for (const line of readFileSync(config.log, 'utf8').split('\n').filter(Boolean)) {
  const { role, action, resource, allowed, reason, nearest = [] } = JSON.parse(line)
  const isTried = TRIED.some(([place, tried]) => role.endsWith(place) && tried === action)
  if (allowed) (calls[role] ??= new Set()).add(action)
  else if (!isTried)
    problems.push(
      `\`${role}\` may not call ${action} on ${resource} ${reason}; nearest statement: ${nearest.join(', ') || 'none'}`,
    )
}
const deployed = new Deployed(config, await read(config))
const lines = readFileSync(new URL('escapes.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.includes(' on '))
const roles = Object.fromEntries(KEYS.map((name) => [name, deployed.role(roleOf(config, name))]))
const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
roles.any = {
  ...roles.ingestion,
  place: 'any role behind the boundary',
  policies: [{ name: 'everything', policy: everything }],
}

function arn(short) {
  const [service, ...rest] = short.split(':')
  const account = service === 's3' ? '' : deployed.account
  const region = ['s3', 'iam', 'budgets', 'billing', 'chatbot'].includes(service) ? '' : deployed.region
  return short === '*'
    ? short
    : service === 's3'
      ? `arn:aws:${short}`
      : `arn:aws:${service}:${region}:${account}:${rest.join(':')}`
}

// After a failure, there may be no roles.
for (const line of Object.values(roles).every(Boolean) ? lines : []) {
  const [, only, text] = deployed.filled(line).match(/^(?:(\w+): )?(.*)$/)
  const [actions, rest] = text.split(' on ')
  const [resource, words = ''] = rest.split(' if ')
  const context = Object.fromEntries(
    words
      .split(' ')
      .filter(Boolean)
      .map((word) => word.split(/=(.*)/).slice(0, 2))
      .map(([key, value]) => [key, LISTS.includes(key) ? [value] : value]),
  )
  // Without a policy of its own, a key would deny every use.
  const policy = resource.startsWith('kms:key/') ? deployed.leftToIam() : undefined
  for (const role of (only ? [only] : ['any', 'build', 'deploy', 'plan']).map((name) => roles[name])) {
    for (const action of actions.split(' ')) {
      const { allowed, isUndecided, reason, statements } = await decide(
        deployed,
        role,
        { action, resource: arn(resource), context, policy },
        false,
      )
      if (isUndecided) throw new Error(`${action} on ${resource} ${reason}`)
      if (allowed)
        problems.push(
          `\`${role.place}\` may call ${action} on ${resource}${words && ` if ${words}`} by ${statements}, which escapes.txt forbids`,
        )
    }
  }
}
const sorted = Object.entries(calls)
  .sort()
  .map(([role, actions]) => [role, [...actions].sort()])
console.log(JSON.stringify({ calls: Object.fromEntries(sorted), problems }))
