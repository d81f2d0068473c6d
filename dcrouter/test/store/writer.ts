/**
 * A process that changes a store without end and says on standard output what has been acknowledged.
 *
 * `change <n>`: objects `x` and `y` hold n, and object `r<n>` is there; `version <n>`: the active version is the text n.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import type { TStoreConfig } from '../../ts/config/schema/store.ts';
import { open } from './places.ts';
import { audit, document, put } from './values.ts';

const [config, folder] = process.argv.slice(2) as [string, string];
const store = await open(JSON.parse(config) as TStoreConfig, folder);
// Written at once: what is only in a buffer when the process is killed was never said.
const say = (line: string): void => void writeSync(1, `${line}\n`);
for (let revision = await store.objects.revision(); ; revision += 1) {
  const next = revision + 1;
  await store.objects.change([put('x', next), put('y', next), put(`r${next}`, next)], revision, audit());
  say(`change ${next}`);
  const { version } = await store.versions.append(document(String(next)));
  await store.versions.settle(version, 'active');
  say(`version ${next}`);
}
