// The series file: what is queued for one upstream, in order. Stanzas of `Field: value` lines with blank lines between;
// the first describes the upstream, every other one a patch.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { patchesFolder } from './paths.ts';

export const kinds = ['events', 'stats', 'middleware', 'fix'] as const;
export const statuses = ['draft', 'ready', 'submitted', 'merged', 'rejected', 'superseded'] as const;
export type TKind = (typeof kinds)[number];
export type TStatus = (typeof statuses)[number];

export interface IBase {
  readonly name: string;
  readonly version: string;
  /** `sha512-…` of the published archive, or `unknown` where it was never had. */
  readonly integrity: string;
}

export interface IPatch {
  /** Also the name of its test, `tests/ID.ts`, and of its pull request's text, `pr/ID.md`. */
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly kind: TKind;
  readonly status: TStatus;
  /** Where it was submitted, or `none`. */
  readonly link: string;
  /** `DATE BASE RESULT`, or `never`. */
  readonly lastVerified: string;
  /** Files of the fork that do the same. */
  readonly fork: string;
  /** Tests of the fork that hold it to that. */
  readonly forkTests: string;
}

export interface ISeries {
  readonly upstream: string;
  readonly folder: string;
  readonly base: IBase;
  readonly patches: readonly IPatch[];
}

/** The series file says something that it may not. */
export class SeriesError extends Error {}

const fields: ReadonlyArray<readonly [string, keyof IPatch]> = [
  ['Id', 'id'],
  ['Title', 'title'],
  ['File', 'file'],
  ['Kind', 'kind'],
  ['Status', 'status'],
  ['Link', 'link'],
  ['Last-Verified', 'lastVerified'],
  ['Fork', 'fork'],
  ['Fork-Tests', 'forkTests'],
];

/** The upstreams that have a queue. */
export function listUpstreams(folder: string = patchesFolder): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'series')))
    .sort();
}

export function readSeries(upstream: string, parent: string = patchesFolder): ISeries {
  const folder = join(parent, upstream);
  const [head = '', ...stanzas] = readFileSync(join(folder, 'series'), 'utf8')
    .trim()
    .split(/\n{2,}/);
  const base = parseStanza(head, upstream);
  const patches = stanzas.map((text) => toPatch(parseStanza(text, upstream), upstream));
  const ids = new Set(patches.map(({ id }) => id));
  if (ids.size !== patches.length) throw new SeriesError(`${upstream}/series: an id stands twice`);
  return {
    upstream,
    folder,
    base: {
      name: need(base, 'Base', upstream),
      version: need(base, 'Version', upstream),
      integrity: need(base, 'Integrity', upstream),
    },
    patches,
  };
}

export function writeSeries(series: ISeries): void {
  const { name, version, integrity } = series.base;
  const stanzas = [`Base: ${name}\nVersion: ${version}\nIntegrity: ${integrity}`];
  for (const patch of series.patches) {
    stanzas.push(fields.map(([label, key]) => `${label}: ${patch[key]}`).join('\n'));
  }
  writeFileSync(join(series.folder, 'series'), `${stanzas.join('\n\n')}\n`);
}

function parseStanza(text: string, upstream: string): Map<string, string> {
  const stanza = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z-]+): (.+)$/.exec(line);
    if (match === null) throw new SeriesError(`${upstream}/series: '${line}' is not a field`);
    stanza.set(match[1]!, match[2]!);
  }
  return stanza;
}

function need(stanza: Map<string, string>, field: string, upstream: string): string {
  const value = stanza.get(field);
  if (value === undefined) throw new SeriesError(`${upstream}/series: a stanza lacks ${field}`);
  return value;
}

function toPatch(stanza: Map<string, string>, upstream: string): IPatch {
  const entries = fields.map(([label, key]) => [key, need(stanza, label, upstream)] as const);
  const patch = Object.fromEntries(entries) as Record<keyof IPatch, string>;
  if (!kinds.includes(patch.kind as TKind)) throw new SeriesError(`${patch.id}: '${patch.kind}' is not a kind`);
  if (!statuses.includes(patch.status as TStatus)) {
    throw new SeriesError(`${patch.id}: '${patch.status}' is not a status`);
  }
  return patch as IPatch;
}
