/**
 * Challenge records that all nodes of one store answer: a CA asks whichever name server it likes.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { IStore } from '../store/types.ts';
import { ringBell } from './bell.ts';
import { sharedLimits } from './limits.ts';

export interface IChallengeRecord {
  readonly name: string;
  readonly value: string;
}

/** Resolves when every node that reaches the store has had the time to publish it. */
export async function shareChallenge(store: IStore, { name, value }: IChallengeRecord): Promise<void> {
  const untilMs = Date.now() + sharedLimits.challengeMs;
  await store.materials.put('acme-challenge', `${name} ${value}`, Buffer.from(String(untilMs)));
  await ringBell(store, 'challenges');
  // No reason for a process to stay.
  await pause(sharedLimits.spreadMs, undefined, { ref: false });
}

export async function withdrawChallenge(store: IStore, { name, value }: IChallengeRecord): Promise<void> {
  if (await store.materials.remove('acme-challenge', `${name} ${value}`)) await ringBell(store, 'challenges');
}

/** What stands. What a node that died has left there goes when its time is over. */
export async function standingChallenges({ materials }: IStore): Promise<IChallengeRecord[]> {
  const standing: IChallengeRecord[] = [];
  for (const key of await materials.names('acme-challenge')) {
    const untilMs = Number((await materials.get('acme-challenge', key))?.toString() ?? 0);
    const [name = '', value = ''] = key.split(' ');
    if (untilMs > Date.now()) standing.push({ name, value });
    else await materials.remove('acme-challenge', key);
  }
  return standing;
}
