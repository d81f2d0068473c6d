import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IRouteConfig } from '#proxy/interfaces/index';
import { RouteTable } from '#proxy/route/index';
import { seededRandom } from '../helpers/random.ts';

const seed = Number(process.env.SEED ?? 20_261_121);
const random = seededRandom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

const NAMES = ['a.test', 'b.test', 'www.a.test', 'x.www.a.test', 'a.other', 'www.a.other', 'shop.b.test', 'test'];
const DOMAINS = [...NAMES, '*.a.test', '*.test', '*.www.a.test', 'a.*', 'www.a.*', '*a*', 'w*.test', '*', '*.b.*'];
const PATHS = ['/', '/a', '/a/', '/a/b', '/a/b/c', '/b', '/b/x.php', '/a/b/', '/static/x'];
const PATTERNS = [...PATHS, '/a/*', '/:x', '/a/:x', '/a/:x/c', '*', '*.php', '/a*', '/*/b', '/a/*/c'];

/** The rule book read literally: every route, every pattern, one regular expression each. */
function reference(routes: readonly IRouteConfig[], host: string, path: string, method: string): string {
  let best: { key: number[]; name: string } | null = null;
  for (const [index, route] of routes.entries()) {
    const { domains, path: pattern, method: wanted } = route.match;
    if (route.enabled === false || (wanted !== undefined && wanted !== method)) continue;
    if (pattern !== undefined && !pathExpression(pattern).test(path)) continue;
    for (const domain of domains === undefined ? [null] : (domains as string[])) {
      if (domain !== null && !domainExpression(domain).test(host)) continue;
      const key = [
        route.priority ?? 0,
        ...domainKey(domain),
        ...pathKey(pattern),
        wanted === undefined ? 0 : 1,
        -index,
      ];
      if (!best || compare(key, best.key) > 0) best = { key, name: route.name! };
    }
  }
  return best?.name ?? 'none';
}

function compare(a: number[], b: number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

const escape = (text: string) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');

function domainExpression(domain: string): RegExp {
  if (domain === '*') return /^.+$/;
  return new RegExp(
    `^${escape(domain)
      .replaceAll('*', '.*')
      .replace(/^\.\*\\\./, '.+\\.')
      .replace(/\\\.\.\*$/, '\\..+')}$`,
  );
}

function pathExpression(pattern: string): RegExp {
  const source = escape(pattern)
    .replaceAll('*', '.*')
    .replaceAll(/:[^/]+/g, '[^/]+');
  return new RegExp(`^${source}${/[*:]|\/$/.test(pattern) ? '' : '$'}`);
}

function domainKey(domain: string | null): [number, number] {
  if (domain === null) return [0, 0];
  if (domain === '*') return [1, 1];
  const stars = domain.split('*').length - 1;
  if (stars === 0) return [5, domain.length];
  if (stars === 1 && domain.startsWith('*.')) return [4, domain.length - 2];
  if (stars === 1 && domain.endsWith('.*')) return [3, domain.length - 2];
  return [2, domain.length];
}

function pathKey(pattern: string | undefined): [number, number, number] {
  if (pattern === undefined || pattern === '*') return [0, 0, 0];
  const literal = pattern.slice(0, (pattern + '*').search(/[*:]/)).length;
  const stars = pattern.split('*').length - 1;
  const named = pattern.includes(':');
  let kind = 1;
  if (named) kind = stars > 0 ? 1 : 3;
  else if (stars === 0) kind = pattern.endsWith('/') ? 2 : 4;
  else if (stars === 1 && pattern.endsWith('*') && pattern.length > 1) kind = 2;
  return [kind, literal, pattern.length];
}

test(`the table finds the same route as the rule book read literally (seed ${seed})`, () => {
  for (let round = 0; round < 60; round += 1) {
    const routes: IRouteConfig[] = Array.from({ length: pick([1, 3, 12, 80]) }, (_, i) => ({
      name: `r${i}`,
      match: {
        ports: 80,
        ...(random() < 0.85 && { domains: Array.from({ length: pick([1, 1, 2]) }, () => pick(DOMAINS)) }),
        ...(random() < 0.7 && { path: pick(PATTERNS) }),
        ...(random() < 0.2 && { method: pick(['GET', 'POST']) }),
      },
      action: { type: 'forward', targets: [{ host: 'localhost', port: 1 }] },
      ...(random() < 0.3 && { priority: pick([-1, 0, 1, 5]) }),
      ...(random() < 0.1 && { enabled: false }),
    }));
    const table = RouteTable.compile(routes);
    for (let i = 0; i < 120; i += 1) {
      const [host, path, method] = [pick(NAMES), pick(PATHS), pick(['GET', 'POST', 'PUT'])];
      const found = table.matchRequest(80, '::1', false, host, path, method, () => undefined)?.name ?? 'none';
      assert.equal(
        found,
        reference(routes, host, path, method),
        `${method} ${host}${path} of ${JSON.stringify(routes)}`,
      );
    }
  }
});
