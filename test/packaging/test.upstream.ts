import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readEntries, type TEntries } from '../../scripts/declarations.ts';
import { checkClaim, Offline, type IAnswer, type IClaim, type IRegistry } from '../../scripts/upstream.ts';

const scratch = mkdtempSync(join(tmpdir(), 'drift-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const old: TEntries = { '.': { Server: ['class {', 'start(): Promise<void>;'], IGone: ['interface {'] } };
const young: TEntries = { '.': { Server: ['class {', 'start(port: number): Promise<void>;'], INew: ['interface {'] } };
const claim: IClaim = { name: 'some-upstream', version: '1.0.0', ours: { '.': { Server: [] } } };

const registry = (newest: string | null): IRegistry => ({
  newest: () => newest,
  entries: (_name, version) => (version === '1.0.0' ? old : young),
});
const offline: IRegistry = {
  newest() {
    throw new Offline('no route');
  },
  entries: () => assert.fail('asked for an archive without a version'),
};

test('a newer version is told with each export that came, went or changed', () => {
  const { lines, answer } = checkClaim(claim, registry('1.1.0'), undefined, '2031-02-03');
  assert.deepEqual(lines, [
    'some-upstream: 1.0.0 is claimed, 1.1.0 is out',
    'some-upstream: . IGone is gone',
    'some-upstream: . INew is new',
    'some-upstream: . Server - start(): Promise<void>;',
    'some-upstream: . Server + start(port: number): Promise<void>;',
    'some-upstream: . exports what the fork does not: INew',
  ]);
  assert.deepEqual([answer?.newest, answer?.day], ['1.1.0', '2031-02-03']);
});

test('the same answer on another day changes nothing in the record', () => {
  const { answer } = checkClaim(claim, registry('1.0.0'), undefined, '2031-02-03');
  const again = checkClaim(claim, registry('1.0.0'), answer, '2031-02-04');
  assert.deepEqual(again.answer, answer);
  assert.match(again.lines[0]!, /1\.0\.0 is claimed and the newest/);
});

test('without a registry the last answer is used and said to be old', () => {
  const last: IAnswer = { day: '2031-02-03', newest: '1.1.0', versions: { '1.0.0': old, '1.1.0': young } };
  const { lines, answer } = checkClaim(claim, offline, last, '2031-03-01');
  assert.equal(lines[0], 'some-upstream: the registry did not answer (no route); the answer of 2031-02-03 is used');
  assert.ok(lines.includes('some-upstream: . INew is new'));
  assert.equal(answer, last);
  const nothing = checkClaim(claim, offline, undefined, '2031-03-01');
  assert.deepEqual([nothing.lines.length, nothing.answer], [1, undefined]);
});

test('a package that the registry does not have is said not to be available', () => {
  const { lines } = checkClaim(claim, registry(null), undefined, '2031-02-03');
  assert.deepEqual(lines, ['some-upstream: not available on this registry; 1.0.0 is claimed and cannot be compared']);
});

test('declarations are read through re-exports, without comments and private members', () => {
  mkdirSync(join(scratch, 'dist'));
  const write = (name: string, text: string): void => writeFileSync(join(scratch, name), text);
  write('package.json', JSON.stringify({ exports: { '.': './dist/index.js' } }));
  write('dist/index.d.ts', "export * from './a.js';\nimport * as b from './b.js';\nexport { b, type C as D };\n");
  write(
    'dist/a.d.ts',
    'export declare class A {\n    private x;\n    /** Goes. */\n    go(): void;\n}\ninterface Inner {\n}\nexport type T = 1;\n',
  );
  assert.deepEqual(readEntries(scratch), {
    '.': { A: ['class {', 'go(): void;'], D: [], T: ['type = 1;'], b: [] },
  });
});
