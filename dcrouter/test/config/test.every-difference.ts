import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from '../../ts/config/diff.ts';
import type { TConfig } from '../../ts/config/schema/index.ts';
import { read } from './documents.ts';

/** A small generator of numbers from a seed (mulberry32), so that a failure can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function someConfig(next: () => number): TConfig {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  const some = <T>(items: readonly T[]): T[] => items.filter(() => next() < 0.6);
  const routes = some(['a', 'b', 'c', 'd']).map((name) => ({
    name,
    match: { ports: pick([80, 81]), domains: some(['x.test', 'y.test']).concat('z.test') },
    action: { targets: [1, 2, 3].slice(pick([0, 1, 2])).map((port) => ({ host: pick(['h', 'i']), port })) },
    ...(next() < 0.5 && { priority: pick([1, 2]) }),
  }));
  const records = some(['u', 'v', 'w', 'u']).map((name, index) => ({ name, type: 'A', data: `192.0.2.${index}` }));
  const zone = { nameservers: ['ns.example.org'], records, ...(next() < 0.5 && { ttl: pick([1, 2]) }) };
  return read(JSON.stringify({ proxy: { drainTimeoutMs: pick([1, 2]), routes }, dns: { zones: { 'e.test': zone } } }));
}

/** Every leaf of a value by its place, lists of named things by name, as differences are told. */
function leaves(value: unknown, path: string, found: Map<string, string[]>): Map<string, string[]> {
  if (Array.isArray(value) && value.every((item) => typeof item === 'object')) {
    value.forEach((item: { name?: string; type?: string }, index) => {
      const label = item.name === undefined ? index : item.type === undefined ? item.name : `${item.name} ${item.type}`;
      leaves(item, `${path}[${label}]`, found);
    });
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, item] of Object.entries(value)) {
      leaves(item, /^[\w-]+$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`, found);
    }
  } else if (value !== undefined) found.set(path, [...(found.get(path) ?? []), JSON.stringify(value)].sort());
  return found;
}

test('differences cover every leaf that changed, and name none that did not', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const next = random(seed);
    const [before, after] = [someConfig(next), someConfig(next)];
    assert.deepEqual(differences(before, structuredClone(before)), [], `seed ${seed}`);
    const found = differences(before, after);
    const [had, has] = [leaves(before, '', new Map()), leaves(after, '', new Map())];
    const covered = (path: string): boolean =>
      found.some(
        (item) => path === item.path || (path.startsWith(item.path) && /^[.[]/.test(path.slice(item.path.length))),
      );
    for (const path of new Set([...had.keys(), ...has.keys()])) {
      if (JSON.stringify(had.get(path)) !== JSON.stringify(has.get(path)))
        assert.ok(covered(path), `seed ${seed}: ${path}`);
    }
    for (const { path, after: value, kind } of found) {
      if (kind === 'removed' || Array.isArray(value)) continue;
      for (const [leaf, values] of leaves(value, path, new Map())) {
        for (const each of values) assert.ok(has.get(leaf)?.includes(each), `seed ${seed}: ${leaf} is ${each}`);
      }
    }
  }
});
