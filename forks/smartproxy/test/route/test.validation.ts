import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProblems, RouteConfigError, RouteTable } from '#proxy/route/index';

const target = { host: 'localhost', port: 1 };
const good = { name: 'r', match: { ports: 80 }, action: { type: 'forward', targets: [target] } };

function problemOf(route: unknown): string {
  const [problem] = findProblems([route]);
  return problem ? `${problem.code} ${problem.routeName} ${problem.field}: ${problem.message}` : 'none';
}

test('an error names route and field, says what is there and what would be right, and holds all problems', () => {
  const broken = {
    name: 'web',
    match: { ports: 70_000 },
    action: { type: 'forwrd', targets: [{ host: 'a', prot: 1 }] },
  };
  assert.throws(
    () => RouteTable.compile([good, broken] as never),
    (error: unknown) => {
      assert.ok(error instanceof RouteConfigError);
      assert.equal(error.code, 'ROUTE_OUT_OF_RANGE');
      assert.equal(error.routeName, 'web');
      assert.equal(error.field, 'match.ports');
      assert.equal(error.problems.length, 4);
      assert.match(error.message, /route "web", match\.ports: is 70000; expected a whole number from 1 to 65535/);
      assert.match(error.message, /action\.type: is "forwrd"; expected one of "forward", "socket-handler"/);
      assert.match(error.message, /action\.targets\[0\]\.prot: is no known field; did you mean port\?/);
      assert.match(error.message, /action\.targets\[0\]\.port: is missing/);
      return true;
    },
  );
});

const PEM = '-----BEGIN CERTIFICATE-----';
const withMatch = (match: object) => ({ ...good, match: { ports: 80, ...match } });
const withAction = (action: object) => ({ ...good, action: { ...good.action, ...action } });
const redirecting = (redirect: object, own: object = {}): Record<string, unknown> => ({
  ...good,
  action: { type: 'forward', redirect, ...own },
});
const withSecurity = (security: object) => ({ ...good, security });

const cases: ReadonlyArray<readonly [string, unknown, RegExp]> = [
  ['no object', 7, /ROUTE_BAD_TYPE route-1 routes\[0\]: is 7; expected an object/],
  ['null', null, /expected an object/],
  ['no match', { action: good.action }, /ROUTE_MISSING route-1 match: is missing/],
  ['ports empty', withMatch({ ports: [] }), /match\.ports: is empty/],
  ['ports backwards', withMatch({ ports: [{ from: 9, to: 1 }] }), /match\.ports\[0\]: runs from 9 down to 1/],
  ['port a text', withMatch({ ports: '80' }), /match\.ports: is "80"; expected a port/],
  ['domain with scheme', withMatch({ domains: ['https://a'] }), /match\.domains\[0\]: .*expected a name such as/],
  ['path relative', withMatch({ path: 'api' }), /a path pattern starts with \//],
  ['path with query', withMatch({ path: '/a?b' }), /a path has no \?/],
  ['path without a name', withMatch({ path: '/a/:/b' }), /must be followed by a name/],
  ['path with a name and a star', withMatch({ path: '/a/:b*/c' }), /no \* can follow in it/],
  ['address', withMatch({ clientIp: ['10.0.0.300'] }), /match\.clientIp\[0\]: .*expected an address/],
  ['network too long', withMatch({ clientIp: ['10.0.0.0/33'] }), /expected an address/],
  ['TLS version', withMatch({ tlsVersion: ['TLSv9'] }), /expected TLSv1/],
  ['header name', withMatch({ headers: { 'a b': 'x' } }), /a header name/],
  ['method', withMatch({ method: 'GET /' }), /a method such as GET/],
  ['protocol', withMatch({ protocol: 'udp' }), /expected one of "http", "tcp"/],
  ['no target', { ...good, action: { type: 'forward' } }, /action\.targets: is missing/],
  ['both targets', withAction({ target }), /action\.target: stands beside action\.targets/],
  ['target host', withAction({ targets: [{ host: 'http://x', port: 1 }] }), /without scheme and port/],
  ['target port', withAction({ targets: [{ host: 'x', port: 'same' }] }), /expected one of "preserve"/],
  ['target TLS', withAction({ targets: [{ ...target, tls: { mode: 'terminate' } }] }), /both must be the same/],
  [
    'subject header with a line break',
    withAction({ tls: { mode: 'terminate', clientAuth: { mode: 'require', ca: PEM, subjectHeader: 'X\r\nY' } } }),
    /clientAuth\.subjectHeader: .*a header name/,
  ],
  [
    'subject header that frames',
    withAction({
      tls: { mode: 'terminate', clientAuth: { mode: 'require', ca: PEM, subjectHeader: 'Content-Length' } },
    }),
    /subjectHeader: is "Content-Length", which frames/,
  ],
  [
    'session time and passthrough',
    withAction({ tls: { mode: 'passthrough', sessionTimeout: 1 } }),
    /tls\.sessionTimeout: has no effect: mode "passthrough"/,
  ],
  ['handler missing', { ...good, action: { type: 'socket-handler' } }, /needs a function/],
  ['handler no function', { ...good, action: { type: 'socket-handler', socketHandler: 1 } }, /expected a function/],
  [
    'handler with passthrough',
    { ...good, action: { type: 'socket-handler', socketHandler: () => 1, tls: { mode: 'passthrough' } } },
    /a socket handler needs "terminate"/,
  ],
  ['handler on forward', withAction({ socketHandler: () => 1 }), /use type "socket-handler"/],
  [
    'redirect as a type',
    withAction({ type: 'redirect' }),
    /ROUTE_UNSUPPORTED .*"forward" with redirect: \{ to, status \}/,
  ],
  ['redirect to nowhere', redirecting({}), /action\.redirect\.to: is missing/],
  ['redirect to no URL', redirecting({ to: 'ftp://a' }), /redirect\.to: is "ftp:\/\/a"; expected http:/],
  ['redirect without a scheme', redirecting({ to: '{domain}{path}' }), /expected http:/],
  ['redirect to a foreign host in disguise', redirecting({ to: '//evil.test/' }), /names another host, not a path/],
  ['redirect to any host', redirecting({ to: '/{path}' }), /names another host, not a path/],
  ['redirect by a header', redirecting({ to: 'https://{headers.x-a}/' }), /\{headers\.x-a\} is part of the host/],
  ['redirect behind a name', redirecting({ to: 'https://a.test{query}' }), /\{query\} is part of the host/],
  ['redirect with a name', redirecting({ to: 'https://me@a.test/' }), /has no valid host/],
  ['redirect to no host', redirecting({ to: 'https:///x' }), /is "https:\/\/\/x", which has no valid host/],
  ['redirect to a path as host', redirecting({ to: 'https://{path}' }), /which has no valid host/],
  ['redirect to an odd port', redirecting({ to: 'https://{domain}:x{path}' }), /has no valid host/],
  [
    'redirect with a typo',
    redirecting({ to: 'https://{domian}/' }),
    /\{domian\} is no variable; known are domain, path/,
  ],
  ['redirect to a target', redirecting({ to: 'https://a/{targetHost}' }), /\{targetHost\} is no variable/],
  ['redirect by all headers', redirecting({ to: 'https://a/{headers}' }), /\{headers\} is no variable/],
  ['redirect with a blank', redirecting({ to: 'https://a.test/b c' }), /holds a character that no URL may hold/],
  ['redirect with a line break', redirecting({ to: 'https://a.test/\r\nX: y' }), /holds a character/],
  ['redirect with half an escape', redirecting({ to: 'https://a.test/%2' }), /holds a character/],
  ['redirect of many parts', redirecting({ to: `/a${'{query}'.repeat(17)}` }), /has 17 variables; at most 16/],
  ['redirect status', redirecting({ to: '/a', status: 304 }), /redirect\.status: is 304; expected one of 301/],
  [
    'redirect and targets',
    withAction({ redirect: { to: '/a' } }),
    /action\.targets: has no effect beside action\.redirect/,
  ],
  ['redirect and canned', redirecting({ to: '/a' }, { advanced: {} }), /action\.advanced: has no effect beside/],
  [
    'redirect and handler',
    { ...good, action: { type: 'socket-handler', socketHandler: () => 1, redirect: { to: '/a' } } },
    /action\.redirect: has no effect: the type is "socket-handler"/,
  ],
  [
    'redirect and passthrough',
    redirecting({ to: '/a' }, { tls: { mode: 'passthrough' } }),
    /action\.redirect: needs HTTP, but tls\.mode "passthrough"/,
  ],
  [
    'redirect and reencrypt',
    redirecting({ to: '/a' }, { tls: { mode: 'terminate-and-reencrypt' } }),
    /needs "terminate"/,
  ],
  [
    'redirect and its own field',
    { ...redirecting({ to: '/a' }), headers: { response: { location: '/b' } } },
    /headers\.response\.location: is set by action\.redirect itself/,
  ],
  ['nftables', withAction({ forwardingEngine: 'nftables' }), /ROUTE_UNSUPPORTED/],
  ['nftables settings', withAction({ nftables: {} }), /action\.nftables: is not here: .* run nft beside the proxy/],
  ['UDP', withAction({ udp: {} }), /action\.udp: is not here/],
  ['UDP in match', { ...good, match: { ports: 1, transport: 'udp' } }, /match\.transport: is not here/],
  ['static files', withAction({ advanced: { staticFiles: {} } }), /staticFiles: is not here: .* file server/],
  ['HTTP/3 to the target', withAction({ options: { backendProtocol: 'http3' } }), /ROUTE_UNSUPPORTED/],
  [
    'path and passthrough',
    { ...withAction({ tls: { mode: 'passthrough' } }), match: { ports: 1, path: '/a' } },
    /match\.path: needs HTTP, but tls\.mode "passthrough" does not decrypt/,
  ],
  [
    'rate and tcp',
    {
      ...withSecurity({ rateLimit: { enabled: true, maxRequests: 1, window: 1 } }),
      match: { ports: 1, protocol: 'tcp' },
    },
    /security\.rateLimit: needs HTTP, but match\.protocol is "tcp"/,
  ],
  ['names and tcp', withMatch({ protocol: 'tcp', domains: 'a.test' }), /cannot be known for plain TCP/],
  [
    'addresses for names and tcp',
    {
      ...withSecurity({ ipBlockList: ['10.0.0.1', { ip: '10.0.0.2', domains: ['a.test'] }] }),
      match: { ports: 1, protocol: 'tcp' },
    },
    /security\.ipBlockList: has entries for some domains, which cannot be known for plain TCP/,
  ],
  ['certificate and passthrough', withAction({ tls: { mode: 'passthrough', certificate: 'auto' } }), /has no effect/],
  [
    'certificate half',
    withAction({ tls: { mode: 'terminate', certificate: { key: '-----BEGIN X' } } }),
    /has neither cert and certFile/,
  ],
  [
    'certificate a word',
    withAction({ tls: { mode: 'terminate', certificate: 'letsencrypt' } }),
    /expected one of "auto", "self-signed"/,
  ],
  ['block list', withSecurity({ ipBlockList: ['everyone'] }), /security\.ipBlockList\[0\]/],
  ['scoped entry', withSecurity({ ipAllowList: [{ ip: '10.0.0.1' }] }), /ipAllowList\[0\]\.domains: is missing/],
  ['typo in security', withSecurity({ ipAllowlist: [] }), /did you mean ipAllowList\?/],
  [
    'rate by header',
    withSecurity({ rateLimit: { enabled: true, maxRequests: 1, window: 1, keyBy: 'header' } }),
    /headerName: is missing/,
  ],
  [
    'user with colon',
    withSecurity({ basicAuth: { enabled: true, users: [{ username: 'a:b', password: 'x' }] } }),
    /without a colon/,
  ],
  [
    'user without secret',
    withSecurity({ basicAuth: { enabled: true, users: [{ username: 'a' }] } }),
    /has no password and passwordHash/,
  ],
  [
    'algorithm none',
    withSecurity({ jwtAuth: { enabled: true, secret: 'x', algorithm: 'none' } }),
    /expected one of "HS256"/,
  ],
  ['duration', withSecurity({ jwtAuth: { enabled: true, secret: 'x', expiresIn: 'soon' } }), /a duration such as/],
  ['digest', withSecurity({ authentication: { type: 'digest' } }), /ROUTE_UNSUPPORTED .*use basicAuth or jwtAuth/],
  ['header with line break', { ...good, headers: { request: { 'x-a': 'b\r\nx: y' } } }, /without control characters/],
  ['framing header', { ...good, headers: { response: { 'Content-Length': '0' } } }, /belongs to the connection/],
  [
    'credentials for any origin',
    { ...good, headers: { cors: { enabled: true, allowCredentials: true } } },
    /browsers refuse it/,
  ],
  [
    'rewrite expression',
    withAction({ advanced: { urlRewrite: { pattern: '(', target: '' } } }),
    /is no regular expression/,
  ],
  ['priority', { ...good, priority: 1.5 }, /priority: is 1\.5; expected a whole number/],
];

for (const [name, route, expected] of cases) {
  test(`refused: ${name}`, () => assert.match(problemOf(route), expected));
}

test('routes that are fine have no problems', () => {
  const fine: unknown[] = [
    good,
    withMatch({ domains: ['münchen.example', '*.example.com', 'under_score.example'], clientIp: ['2001:db8::/32'] }),
    withAction({ targets: [{ host: ['10.0.0.1', '[::1]', '::1'], port: 'preserve', weight: 3 }] }),
    withAction({ targets: [{ host: () => 'x', port: () => 1 }], tls: { mode: 'terminate', certificate: 'auto' } }),
    { ...good, action: { type: 'forward', advanced: { testResponse: { status: 200, headers: {}, body: 'x' } } } },
    redirecting({ to: 'https://{domain}{path}' }, { tls: { mode: 'terminate', certificate: 'auto' } }),
    redirecting({ to: 'https://www.{domain}:{port}/a?b={headers.x-b}#c', status: 301 }),
    redirecting({ to: 'HTTP://[::1]:8080?{query}', status: 307 }),
    redirecting({ to: '/' }),
    redirecting({ to: '/{pathParams.a}/b%2F' }),
    withAction({ forwardingEngine: 'node', options: { backendProtocol: 'http1' }, sendProxyProtocol: 'v2' }),
    { ...good, metadata: { anything: [1, 2] }, tags: ['a'] },
  ];
  assert.deepEqual(findProblems(fine), []);
});

test('a hopeless configuration stops at a bounded number of problems', () => {
  assert.equal(findProblems(Array.from({ length: 1_000 }, () => 1)).length, 50);
  assert.match(findProblems('x')[0]!.message, /expected a list of routes/);
});

test('a list of more ports than can be opened is refused', () => {
  const [problem] = findProblems([{ ...good, match: { ports: { from: 1, to: 20_000 } } }]);
  assert.equal(problem?.code, 'ROUTE_TOO_MANY');
});
