// IAM's SimulateCustomPolicy and SimulatePrincipalPolicy, decided like the requests themselves: the emulated IAM knows no
// conditions and no boundaries.
//
// Not supported: several resources in a request, policies of resources, and pages of results.

import { decide } from './policies.mjs'

export const SIMULATIONS = ['SimulateCustomPolicy', 'SimulatePrincipalPolicy']

/** The values of a list in a form, such as `ActionNames.member.1`. */
function list(form, name) {
  const values = []
  for (let index = 1; form.has(`${name}.member.${index}`); index++) values.push(form.get(`${name}.member.${index}`))
  return values
}

/** The condition keys of a simulation. */
function contextOf(form) {
  const context = {}
  for (let index = 1; form.has(`ContextEntries.member.${index}.ContextKeyName`); index++) {
    const entry = `ContextEntries.member.${index}`
    const values = list(form, `${entry}.ContextKeyValues`)
    const isList = form.get(`${entry}.ContextKeyType`).endsWith('List')
    context[form.get(`${entry}.ContextKeyName`)] = isList ? values : values[0]
  }
  return context
}

/** The principal: the policies of the form, or a role of the stacks. */
function principalOf(form, all) {
  if (form.get('Action') === 'SimulatePrincipalPolicy') {
    const found = all.of('AWS::IAM::Role').find(({ attributes }) => attributes.Arn === form.get('PolicySourceArn'))
    return found && all.role(found.place)
  }
  const parse = (name) => (document, index) => ({ name: `${name}.${index + 1}`, policy: JSON.parse(document) })
  return {
    arn: `arn:aws:iam::${all.account}:role/simulated`,
    session: `arn:aws:sts::${all.account}:assumed-role/simulated/session`,
    policies: list(form, 'PolicyInputList').map(parse('PolicyInputList')),
    boundary: list(form, 'PermissionsBoundaryPolicyInputList').map(parse('PermissionsBoundaryPolicyInputList'))[0],
  }
}

/** Answers a simulation; `null` if the role does not exist. */
export async function simulate(form, all) {
  const role = principalOf(form, all)
  if (!role) return null
  const [resource] = list(form, 'ResourceArns')
  const context = contextOf(form)
  // A simulation considers only the policies of the principal.
  const policy = resource.includes(':kms:') ? all.leftToIam() : { Version: '2012-10-17', Statement: [] }
  const results = []
  for (const action of list(form, 'ActionNames')) {
    const { allowed, reason = '' } = await decide(all, role, { action, resource, context, policy }, false)
    const decision = allowed ? 'allowed' : reason.includes('explicit deny') ? 'explicitDeny' : 'implicitDeny'
    results.push(
      `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>${resource}</EvalResourceName>` +
        `<EvalDecision>${decision}</EvalDecision></member>`,
    )
  }
  const action = form.get('Action')
  return (
    `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>` +
    `<IsTruncated>false</IsTruncated><EvaluationResults>${results.join('')}</EvaluationResults>` +
    `</${action}Result></${action}Response>`
  )
}
