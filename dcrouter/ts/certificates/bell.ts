/**
 * Tells other nodes of one store that something has changed: a value that is different after every ring.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { IStore } from '../store/types.ts';

/** `kept`: certificates and keys; `challenges`: records that a CA is about to look for. No route or zone: those have a prefix. */
export type TBell = 'kept' | 'challenges';

export async function ringBell({ materials }: IStore, bell: TBell): Promise<void> {
  await materials.put('certificate', bell, Buffer.from(randomUUID()));
}

/** The same text as long as nobody rang; undefined before the first ring. */
export async function hearBell({ materials }: IStore, bell: TBell): Promise<string | undefined> {
  return (await materials.get('certificate', bell))?.toString();
}
