import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BasicAuth, JwtAuth, parseIpPattern } from '#proxy/security/index';
import { Template } from '#proxy/template/template';
import { PathPattern } from '#proxy/route/path';
import { domainMatches, hostEnd, parseDomainPattern } from '#proxy/route/domain';
import { findProblems, RouteTable } from '#proxy/route/index';
import { findOptionProblems } from '#proxy/validation/options';
import { seededRandom } from '../helpers/random.ts';

const seed = Number(process.env.SEED ?? 12);
const random = seededRandom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const textOf = (alphabet: string, max: number) =>
  Array.from({ length: Math.floor(random() * (max + 1)) }, () =>
    alphabet.charAt(Math.floor(random() * alphabet.length)),
  ).join('');
const escape = (text: string) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');

test(`paths match as the equal regular expression does (seed ${seed})`, () => {
  for (let i = 0; i < 30_000; i += 1) {
    const source = `/${textOf('ab/*:', 7)}`;
    // Names stand alone in a segment here: `:` is followed by a name, and a name ends at a slash or star.
    const pattern = source
      .replaceAll(/:(?=[*/:]|$)/g, '')
      .replaceAll(/([^/]):/g, '$1/:')
      .replaceAll(/(:[^/*]+)\*/g, '$1/*');
    const expression = escape(pattern)
      .replaceAll(/\*+/g, '.*')
      .replaceAll(/:[^/.*]+/g, '[^/]+');
    const anchored = /[*:]|\/$/.test(pattern) ? '' : '$';
    const path = `/${textOf('ab/', 8)}`;
    const compiled = new PathPattern(pattern);
    const expected = new RegExp(`^${expression}${anchored}`).test(path);
    assert.equal(compiled.matches(path, path.length), expected, `${pattern} on ${path}`);
    assert.equal(compiled.params(path, path.length) !== null, expected);
    // What lies behind the end is never looked at.
    assert.equal(compiled.matches(`${path}?${path}`, path.length), expected);
  }
});

test(`names match as the equal regular expression does (seed ${seed})`, () => {
  for (let i = 0; i < 30_000; i += 1) {
    const pattern = parseDomainPattern(textOf('ab.*-', 7));
    if (pattern === null) continue;
    const name = textOf('abAB.-', 8);
    const end = hostEnd(name);
    const whole = pattern.source.replace(/\.$/, '');
    let expression = escape(whole).replaceAll('*', '.*');
    if (pattern.kind === 'any') expression = '.+';
    const expected = end > 0 && new RegExp(`^${expression}$`, 'i').test(name.slice(0, end));
    assert.equal(domainMatches(pattern, name), expected, `${pattern.source} on ${name}`);
  }
});

test(`a table answers whatever a client sends, and answers the same for the same name in another case (seed ${seed})`, () => {
  const domains = ['a.b', '*.a.b', 'a.*', '*b*', '*', 'xn--bcher-kva.example', '*.example'];
  const table = RouteTable.compile(
    domains.map((domain, i) => ({
      name: domain,
      match: {
        ports: 80,
        domains: domain,
        path: pick(['/', '/a/*', '/:x', '/*b/']),
        clientIp: i % 2 ? ['::/1'] : ['0.0.0.0/0'],
      },
      action: { type: 'forward', targets: [{ host: 'localhost', port: 1 }] },
    })),
  );
  for (let i = 0; i < 30_000; i += 1) {
    const host = textOf('aAbB.:[]1 \0ÿ€*', 9);
    const path = textOf('/ab%?#*:\0ÿ', 9);
    const ip = textOf('0123:.f%', 9);
    const found = table.matchRequest(80, ip, false, host, path, 'GET', () => undefined);
    assert.equal(
      table.matchRequest(80, ip, false, host.toUpperCase(), path, 'GET', () => undefined),
      found,
      host,
    );
    table.matchConnection(80, ip, true, host, undefined);
  }
});

function anyValue(depth: number): unknown {
  const kind = Math.floor(random() * (depth > 0 ? 9 : 7));
  if (kind === 7) return Array.from({ length: Math.floor(random() * 3) }, () => anyValue(depth - 1));
  if (kind === 8) return anyObject(depth - 1);
  return [undefined, null, random() * 1e5, textOf('a*/:.0', 6), random() < 0.5, /x/g, () => 1][kind];
}

const KEYS = [
  'match',
  'action',
  'ports',
  'domains',
  'path',
  'clientIp',
  'type',
  'targets',
  'host',
  'port',
  'tls',
  'mode',
  'security',
  'ipAllowList',
  'rateLimit',
  'enabled',
  'users',
  'headers',
  'request',
  'cors',
  'from',
  'to',
  'name',
  '__proto__',
  'constructor',
];

function anyObject(depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let i = Math.floor(random() * 5); i > 0; i -= 1) {
    Object.defineProperty(object, pick(KEYS), {
      value: anyValue(depth),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

test(`no configuration makes the checks throw, and what they let pass can be compiled (seed ${seed})`, () => {
  const good = () => ({ match: { ports: 80 }, action: { type: 'forward', targets: [{ host: 'a', port: 1 }] } });
  let passed = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const route: Record<string, unknown> = random() < 0.3 ? anyObject(4) : good();
    if (random() < 0.9) route[pick(KEYS)] = anyValue(3);
    const inner = pick(['match', 'action'] as const);
    const part = route[inner];
    if (Object.prototype.toString.call(part) === '[object Object]')
      (part as Record<string, unknown>)[pick(KEYS)] = anyValue(3);
    findOptionProblems(route);
    if (findProblems([route]).length > 0) continue;
    passed += 1;
    RouteTable.compile([route as never]);
  }
  assert.ok(passed > 100, `${passed} configurations passed`);
});

test(`no credentials and no text make a check throw (seed ${seed})`, async () => {
  const basic = new BasicAuth({ users: [{ username: 'a', password: 'b' }] });
  const jwt = new JwtAuth({ secret: 'secret' });
  const parts = ['Basic ', 'Bearer ', 'eyJhbGciOiJIUzI1NiJ9', 'e30', '.', 'YTpi', '=', ' ', '\0', 'ÿ', 'AAAA', '{}'];
  const context = { port: 1, headers: { a: 'b' } } as never;
  for (let i = 0; i < 20_000; i += 1) {
    const header = Array.from({ length: Math.floor(random() * 7) }, () => pick(parts)).join('');
    const result = await basic.check(header, 0);
    assert.equal(result === 'ok', /^basic +YTpi={0,2}$/i.test(header), header);
    assert.equal(jwt.check(header, 0).ok, false);
    parseIpPattern(textOf('0123456789abcdef:./-*%', 12));
    new Template(textOf('{}.headrspot a_-', 14)).render(context);
  }
});
