/**
 * The command as a process of its own: SIGHUP and a watched file.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startChild, type IChild } from '../../../test/helpers/child.ts';
import { startBackend } from './backend.ts';
import { answerOf, documentOf, folderOf, ports } from './node.ts';

const flags = ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning'];
const cli = join(import.meta.dirname, 'cli.ts');

async function run(t: TestContext, file: string): Promise<IChild> {
  const child = startChild(process.execPath, [...flags, cli, 'run', '--config', file]);
  t.after(async () => {
    child.signalGroup('SIGKILL');
    await child.ended;
  });
  await child.saw(/"msg":"listening"/);
  return child;
}

async function prepare(t: TestContext, others: Readonly<Record<string, unknown>> = {}) {
  const [apiPort, a, b] = await ports(3);
  const backend = await startBackend(t, 'backend');
  const folder = await folderOf(t);
  const text = (name: string, port: number): string =>
    documentOf(apiPort!, [{ name, port, target: backend.port }], others);
  return { folder, file: join(folder, 'router.yaml'), text, a: a!, b: b! };
}

test('SIGHUP reads the file again; a bad one leaves what serves; SIGTERM ends in order', async (t) => {
  const { file, text, a, b } = await prepare(t);
  await writeFile(file, text('a', a));
  const child = await run(t, file);
  assert.equal(await answerOf(a), '200 backend got /');

  await writeFile(file, text('b', b));
  assert.equal(await answerOf(b), 'ECONNREFUSED', 'nobody watches the file');
  child.process.kill('SIGHUP');
  await child.saw(/"version":2,.*"by":"signal","source":"file".*"msg":"configuration applied"/);
  assert.equal(await answerOf(b), '200 backend got /');
  assert.equal(await answerOf(a), 'ECONNREFUSED');

  await writeFile(file, text('c', 99_999));
  child.process.kill('SIGHUP');
  await child.saw(/"code":"DCR_CONFIG_INVALID".*"msg":"configuration not applied; what served before serves on"/);
  assert.equal(await answerOf(b), '200 backend got /');

  child.process.kill('SIGTERM');
  assert.equal(await child.ended, 0);
});

test('a watched file is applied by itself, and a bad one is told once', async (t) => {
  const { folder, file, text, a, b } = await prepare(t, { control: { watch: true } });
  await writeFile(file, text('a', a));
  const child = await run(t, file);

  // As most editors do.
  await writeFile(join(folder, 'new'), text('b', b));
  await rename(join(folder, 'new'), file);
  await child.saw(/"version":2,.*"by":"file".*"msg":"configuration applied"/);
  assert.equal(await answerOf(b), '200 backend got /');

  await writeFile(file, text('c', 99_999));
  await child.saw(/"msg":"configuration not applied; what served before serves on"/);
  // Touched again, with the same content: nothing more is said about it.
  await writeFile(file, text('c', 99_999));
  await writeFile(file, text('d', a));
  await child.saw(/"version":3,.*"msg":"configuration applied"/);
  assert.equal(await answerOf(a), '200 backend got /');
  assert.equal(child.output().match(/configuration not applied/g)?.length, 1);
});

test('a file behind links that are swapped, as Kubernetes does, is applied by itself', async (t) => {
  const { folder, file, text, a, b } = await prepare(t, { control: { watch: true } });
  for (const [name, port] of [
    ['a', a],
    ['b', b],
  ] as const) {
    await mkdir(join(folder, `..${name}`));
    await writeFile(join(folder, `..${name}`, 'router.yaml'), text(name, port));
  }
  await symlink('..a', join(folder, '..data'));
  await symlink('..data/router.yaml', file);
  const child = await run(t, file);
  assert.equal(await answerOf(a), '200 backend got /');
  await symlink('..b', join(folder, '..data_new'));
  await rename(join(folder, '..data_new'), join(folder, '..data'));
  await child.saw(/"version":2,.*"msg":"configuration applied"/);
  await rm(join(folder, '..a'), { recursive: true });
  assert.equal(await answerOf(b), '200 backend got /');
  assert.equal(await answerOf(a), 'ECONNREFUSED');
});

test('a store that cannot be opened is one clear line', async (t) => {
  const { folder, file, text, a } = await prepare(t, { store: { type: 'sqlite', path: './state.db' } });
  await writeFile(file, text('a', a));
  await run(t, file);
  const other = join(folder, 'other.yaml');
  const settings = { api: { port: 1 }, process: { allowRoot: true }, store: { type: 'sqlite', path: './state.db' } };
  await writeFile(other, JSON.stringify(settings));
  const second = startChild(process.execPath, [...flags, cli, 'run', '--config', other]);
  assert.equal(await second.ended, 1);
  assert.match(second.output(), /^dcrouter: [^\n]*state\.db[^\n]*\n$/);
});
