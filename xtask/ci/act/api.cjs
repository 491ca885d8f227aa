// A server that answers as GitHub's REST API does, for the calls of the workflows' scripts, and records them. It checks the token's
// permissions and what GitHub refuses in issues and comments. It does not know rate limits, other users' rights or any other path.
const http = require('node:http');

/** What a path needs of the token's permissions, one of the scopes, and what it answers. */
const ROUTES = [
  [
    'GET',
    /^\/issues$/,
    ['issues'],
    ({ state }, query) =>
      page(
        state.issues.filter(issue => issue.state === (query.get('state') ?? 'open')),
        query,
      ),
  ],
  [
    'POST',
    /^\/issues$/,
    ['issues'],
    ({ state, body }) => {
      const missing = typeof body.title === 'string' && body.title ? [] : [{ resource: 'Issue', field: 'title', code: 'missing_field' }];
      if (missing.length > 0 || tooLong(body.body)) return [422, { message: 'Validation Failed', errors: missing }];
      const issue = { number: state.issues.length + 1, state: 'open', user: { type: 'Bot' }, comments: [], ...body };
      state.issues.push(issue);
      return [201, issue];
    },
  ],
  [
    'PATCH',
    /^\/issues\/(\d+)$/,
    ['issues'],
    ({ state, body, match }) => {
      const issue = state.issues.find(({ number }) => number === Number(match[1]));
      return issue ? [200, Object.assign(issue, body)] : [404, { message: 'Not Found' }];
    },
  ],
  [
    'GET',
    /^\/issues\/(\d+)\/comments$/,
    ['issues', 'pull_requests'],
    ({ state, match }, query) =>
      page(
        state.comments.filter(({ on }) => on === match[1]),
        query,
      ),
  ],
  [
    'POST',
    /^\/issues\/(\d+)\/comments$/,
    ['issues', 'pull_requests'],
    ({ state, body, match }) => {
      if (!body.body || tooLong(body.body)) return [422, { message: 'Validation Failed' }];
      const comment = { id: state.comments.length + 1, on: match[1], user: { type: 'Bot' }, body: body.body };
      state.comments.push(comment);
      return [201, comment];
    },
  ],
  [
    'PATCH',
    /^\/issues\/comments\/(\d+)$/,
    ['issues', 'pull_requests'],
    ({ state, body, match }) => {
      if (!body.body || tooLong(body.body)) return [422, { message: 'Validation Failed' }];
      const comment = state.comments.find(({ id }) => id === Number(match[1]));
      return comment ? [200, Object.assign(comment, { body: body.body })] : [404, { message: 'Not Found' }];
    },
  ],
  ['GET', /^\/branches\/main$/, ['contents'], ({ state }) => [200, { name: 'main', commit: { sha: state.main } }]],
  [
    'GET',
    /^\/environments\/([\w-]+)$/,
    ['actions'],
    ({ state, match }) => {
      const rules = state.environments[match[1]];
      return rules ? [200, { name: match[1], protection_rules: rules }] : [404, { message: 'Not Found' }];
    },
  ],
  [
    'GET',
    /^\/actions\/workflows\/([\w.-]+)\/runs$/,
    ['actions'],
    ({ state, match }, query) => {
      const found = state.runs.filter(run => run.path === match[1] && run.head_sha === (query.get('head_sha') ?? run.head_sha));
      return listed(
        'workflow_runs',
        found.map(({ id, head_sha }) => ({ id, head_sha })),
        query,
      );
    },
  ],
  [
    'GET',
    /^\/actions\/runs\/(\d+)\/(jobs|artifacts)$/,
    ['actions'],
    ({ state, match: [, id, what] }, query) => {
      const found = state.runs.find(run => run.id === Number(id));
      return found ? listed(what, found[what](), query) : [404, { message: 'Not Found' }];
    },
  ],
];

const tooLong = text => (text ?? '').length > 65536;
const page = (all, query) => {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  return [200, all.slice(start, start + size), start + size < all.length ? Number(query.get('page') ?? 1) + 1 : null];
};

const listed = (name, all, query) => {
  const [status, items, next] = page(all, query);
  return [status, { total_count: all.length, [name]: items }, next];
};

/** Starts a server for one run; `tokens` are the permissions by token, `main`, `environments` and `runs` are the repository's. */
async function serve({ repository, tokens, main, environments, runs }) {
  const state = { issues: [], comments: [], calls: [], stolen: [], main, environments, runs };
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url, 'http://localhost');
    const path = url.pathname.replace(`/repos/${repository}`, '');
    // Not GitHub's: the server of the malicious build script.
    if (path.startsWith('/stolen/')) {
      state.stolen.push({ job: path.slice('/stolen/'.length), found: `${Buffer.concat(chunks)}`.split(' ').filter(name => name) });
      response.writeHead(204).end();
      return;
    }
    const [status, answer, next] = (() => {
      const scopes = tokens[(request.headers.authorization ?? '').split(' ')[1]];
      if (!scopes) return [401, { message: 'Bad credentials' }];
      const route = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(path));
      if (!route) return [404, { message: 'Not Found' }];
      const [method, pattern, needs, work] = route;
      const allowed = needs.some(scope => (method === 'GET' ? ['read', 'write'] : ['write']).includes(scopes[scope.replace('_', '-')]));
      if (!allowed) return [403, { message: 'Resource not accessible by integration' }];
      const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
      return work({ state, body, match: path.match(pattern) }, url.searchParams);
    })();
    state.calls.push({ method: request.method, path, status });
    if (next) {
      url.searchParams.set('page', next);
      response.setHeader('Link', `<http://${request.headers.host}${url.pathname}${url.search}>; rel="next"`);
    }
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise(resolve => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}`, state, close };
}

module.exports = { serve };
