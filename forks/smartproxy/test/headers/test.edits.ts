import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cors, forwardedLines, HeaderEdits } from '#proxy/headers/index';
import type { IRouteContext } from '#proxy/interfaces/index';
import { Template } from '#proxy/template/template';

const context: IRouteContext = {
  port: 8080,
  domain: 'a.test',
  clientIp: '10.0.0.1',
  serverIp: '10.0.0.2',
  path: '/x',
  headers: { 'host': 'a.test:8080', 'x-long-name': 'v' },
  isTls: true,
  targetHost: ['b1', 'b2'],
  timestamp: 5,
  connectionId: 'c-1',
  pathParams: { id: '7' },
};

test('templates: names, dotted names, what is unknown stays as written', () => {
  const render = (source: string) => new Template(source).render(context);
  assert.equal(render('https://{domain}:{port}{path}'), 'https://a.test:8080/x');
  assert.equal(render('{headers.host} {headers.X-Long-Name} {pathParams.id} {isTls}'), 'a.test:8080 v 7 true');
  assert.equal(render('{targetHost}'), 'b1,b2');
  assert.equal(
    render('{nothing} {headers.nothing} {headers} {query} {} {a b} {{port}'),
    '{nothing} {headers.nothing} {headers} {query} {} {a b} {8080',
  );
  assert.equal(
    render('{constructor} {__proto__} {headers.constructor.name}'),
    '{constructor} {__proto__} {headers.constructor.name}',
  );
  assert.ok(new Template('plain').isStatic);
  assert.equal(
    new Template('{path}').render({ ...context, path: '/a\r\nX-Evil: 1\0' }),
    '/aX-Evil: 1',
    'no second line',
  );
});

test('edits: later sources win, names in any case, an empty value only removes', () => {
  const edits = HeaderEdits.compile({ 'X-A': '1', 'X-Gone': '' }, undefined, { 'x-a': '2', 'X-IP': '{clientIp}' })!;
  assert.deepEqual(edits.names, ['x-a', 'x-gone', 'x-ip']);
  const drops = (name: string) => edits.drops(`..${name}`, 2, 2 + name.length);
  assert.deepEqual(['X-A', 'x-GONE', 'x-ip', 'x-b', 'x-gon', 'x-gonee'].map(drops), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.equal(edits.fixedLines, null);
  assert.equal(
    edits.lines(() => context),
    'x-a: 2\r\nX-IP: 10.0.0.1\r\n',
  );
  const fixed = HeaderEdits.compile({ 'X-A': '1' })!;
  assert.equal(
    fixed.lines(() => assert.fail('nothing depends on the request')),
    'X-A: 1\r\n',
  );
  assert.equal(HeaderEdits.compile({}, undefined), null);
});

test('characters beyond latin1 become UTF-8 bytes, and never a line break', () => {
  const edits = HeaderEdits.compile({ 'X-A': '{domain}' })!;
  const line = edits.lines(() => ({ ...context, domain: 'ਊ č' }));
  assert.equal(Buffer.from(line, 'latin1').toString('utf8'), 'X-A: ਊ č\r\n');
  assert.equal(line.split('\r\n').length, 2);
  assert.ok(!/[\r\n]/.test(line.slice(0, -2)));
});

test('CORS for any origin', () => {
  const cors = Cors.compile(true)!;
  assert.ok(cors.isPreflight('OPTIONS', 'https://a.test', 'PUT'));
  assert.ok(!cors.isPreflight('OPTIONS', 'https://a.test', undefined));
  assert.ok(!cors.isPreflight('GET', 'https://a.test', 'PUT'));
  assert.equal(
    cors.preflightLines('https://a.test', 'x-a, x-b'),
    'Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET, POST, PUT, DELETE, PATCH, OPTIONS\r\n' +
      'Access-Control-Allow-Headers: x-a, x-b\r\nVary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n',
  );
  assert.equal(cors.responseLines('https://a.test'), 'Access-Control-Allow-Origin: *\r\n');
  assert.equal(Cors.compile(false), null);
  assert.equal(Cors.compile({ enabled: false }), null);
});

test('CORS for listed origins: they are echoed, others get nothing, and caches are told', () => {
  const cors = Cors.compile({
    enabled: true,
    allowOrigin: ['https://a.test', 'https://b.test'],
    allowMethods: ['GET'],
    allowHeaders: 'x-a',
    allowCredentials: true,
    exposeHeaders: ['x-e'],
    maxAge: 60,
  })!;
  assert.equal(
    cors.preflightLines('https://b.test', 'x-other'),
    'Access-Control-Allow-Origin: https://b.test\r\nAccess-Control-Allow-Methods: GET\r\n' +
      'Access-Control-Allow-Headers: x-a\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Max-Age: 60\r\n' +
      'Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n',
  );
  assert.ok(!cors.preflightLines('https://evil.test', undefined).includes('Allow-Origin'));
  assert.equal(
    cors.responseLines('https://a.test'),
    'Access-Control-Allow-Origin: https://a.test\r\nAccess-Control-Allow-Credentials: true\r\n' +
      'Access-Control-Expose-Headers: x-e\r\nVary: Origin\r\n',
  );
  assert.equal(cors.responseLines('https://evil.test'), 'Vary: Origin\r\n');
  assert.equal(cors.responseLines(undefined), 'Vary: Origin\r\n');
  assert.ok(!Cors.compile({ enabled: true, preflight: false })!.isPreflight('OPTIONS', 'https://a.test', 'PUT'));
});

test('the fields about the client', () => {
  const facts = { clientIp: '2001:db8::1', authority: 'a.test:8080', isTls: true, localPort: 8080 };
  const x =
    'X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 8080\r\nX-Forwarded-Host: a.test:8080\r\n';
  const standard = 'Forwarded: for="[2001:db8::1]";host="a.test:8080";proto=https\r\n';
  assert.equal(forwardedLines(facts, 'x-forwarded'), x);
  assert.equal(forwardedLines(facts, 'forwarded'), standard);
  assert.equal(forwardedLines(facts, 'both'), x + standard);
  assert.equal(forwardedLines(facts, 'none'), '');
  assert.equal(
    forwardedLines({ ...facts, clientIp: '10.0.0.1', authority: '', isTls: false }, 'forwarded'),
    'Forwarded: for=10.0.0.1;proto=http\r\n',
  );
});
