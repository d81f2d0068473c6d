/**
 * Tells other nodes of one store that secret material has changed: a value that is different after every ring.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { IStore } from '../store/types.ts';

/** Neither a route nor a zone: those have a prefix. */
const NAME = 'changed';

export async function ringBell({ materials }: IStore): Promise<void> {
  await materials.put('certificate', NAME, Buffer.from(randomUUID()));
}

/** The same text as long as nobody rang; undefined before the first ring. */
export async function hearBell({ materials }: IStore): Promise<string | undefined> {
  return (await materials.get('certificate', NAME))?.toString();
}
