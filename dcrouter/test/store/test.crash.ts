import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { postgresMissing, startPostgres, type IPostgres } from '../../../test/helpers/postgres.ts';
import type { TStoreConfig } from '../../ts/config/schema/store.ts';
import { open, postgresPlace, temporaryFolder } from './places.ts';

const KILLS = 6;
/** Told with every failure; another one with DCROUTER_TEST_SEED. */
const seed = Number(process.env['DCROUTER_TEST_SEED'] ?? 20_260_711);

let server: IPostgres;
before(async () => {
  if (!postgresMissing) server = await startPostgres({ durable: true });
});
after(() => server?.stop());

/** Mulberry32: small, and the same numbers everywhere. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface IAcknowledged {
  change: number;
  version: number;
}

/** Runs the writer until it has said `lines` lines, and kills it `afterMs` later, wherever it is then. */
async function killWriter(
  config: TStoreConfig,
  folder: string,
  lines: number,
  afterMs: number,
): Promise<IAcknowledged> {
  const args = [...process.execArgv, join(import.meta.dirname, 'writer.ts'), JSON.stringify(config), folder];
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const acknowledged: IAcknowledged = { change: 0, version: 0 };
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const reader = createInterface(child.stdout).on('line', (line) => {
    const [what, number] = line.split(' ') as [keyof IAcknowledged, string];
    acknowledged[what] = Number(number);
    if ((seen += 1) === lines) resolve();
  });
  const over = Promise.all([once(child, 'exit'), once(reader, 'close')]);
  await Promise.race([enough, over]);
  assert.ok(seen >= lines, 'the writer ended by itself');
  // Not a wait for something: the moment of the kill, which must hit between the writer's steps too.
  await delay(afterMs);
  child.kill('SIGKILL');
  await over;
  return acknowledged;
}

async function crashes(config: TStoreConfig, folder: string): Promise<void> {
  const random = randomFrom(seed);
  let versionKept = 0;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const why = `seed ${seed}, kill ${kill}`;
    const acknowledged = await killWriter(config, folder, 1 + Math.floor(random() * 40), random() * 10);
    const store = await open(config, folder);
    const { revision, objects } = await store.objects.load();
    const value = (id: string) => objects.find((object) => object.id === id)?.value;
    // What was said is kept; at most the one change that was under way is there without having been said.
    assert.ok(revision === acknowledged.change || revision === acknowledged.change + 1, why);
    assert.deepEqual([value('x'), value('y'), value(`r${revision}`)], [revision, revision, revision], why);
    assert.equal(objects.length, revision + 2, why);
    const entries = await store.audit.list({ limit: 1 });
    assert.equal(entries.items[0]?.id, revision, why);
    versionKept = Math.max(versionKept, acknowledged.version);
    const active = Number((await store.versions.active())?.text ?? 0);
    assert.ok(active === versionKept || active === revision, `${why}: ${active}`);
    versionKept = active;
    const served = (await store.versions.list({ limit: 1000 })).items.filter(({ state }) => state === 'active');
    assert.ok(served.length <= 1, why);
    await store.close();
  }
}

test('SQLite: after kill −9 at any moment everything acknowledged is there, and nothing by halves', async () => {
  await using place = await temporaryFolder();
  await crashes(place.sqlite, place.folder);
});

test('PostgreSQL: the same, with the client killed', { skip: postgresMissing }, async () => {
  await crashes(await postgresPlace(server), '/');
});
