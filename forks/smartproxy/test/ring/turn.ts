// What a test does within a call that tells of bytes: for a socket in the ring that is a turn of the ring.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { IProxySocket } from '../../ts/connection/socket.ts';
import { limits } from '../../ts/limits/limits.ts';
import type { Ring } from '../../ts/ring/ring.ts';
import { counters, type KeepingOwner } from '../sockets/owner.ts';
import { nextTurn } from './echo.ts';

export interface IPair {
  readonly socket: IProxySocket;
  readonly owner: KeepingOwner;
  readonly peer: Socket;
}

/** Does something within the call that tells of a message of the peer. With a ring: in its turn. */
export async function within(
  ring: Ring | null,
  { owner, peer }: IPair,
  act: () => void,
  text: string | Buffer = 't',
): Promise<void> {
  const done = Promise.withResolvers<void>();
  owner.onBytes = () => {
    owner.onBytes = null;
    try {
      if (ring !== null) assert.ok(ring.draining, 'the call is in a turn of the ring');
      act();
      done.resolve();
    } catch (error) {
      done.reject(error as Error);
    }
  };
  peer.write(text);
  await done.promise;
}

/** How a connection ended for its peer, and what came before. */
export interface IEnding {
  readonly bytes: Buffer;
  readonly how: string;
}

/** Reads until FIN or RST. */
export async function ending(peer: Socket): Promise<IEnding> {
  const parts: Buffer[] = [];
  peer.on('data', (part: Buffer) => parts.push(part));
  const reset = new Promise<string>((resolve) =>
    peer.once('error', (error: NodeJS.ErrnoException) => resolve(error.code!)),
  );
  const how = await Promise.race([reset, once(peer, 'end').then(() => 'FIN')]);
  return { bytes: Buffer.concat(parts), how };
}

/** Waits until nobody is in the ring, which is a matter of a few turns. */
export async function emptied(ring: Ring): Promise<void> {
  for (let turns = 0; turns < 1_000 && ring.users > 0; turns += 1) await nextTurn();
  assert.equal(ring.users, 0, 'nobody is left in the ring');
  assert.equal(ring.freeBlocks, limits.ringBlocks, 'every block came back');
  assert.equal(counters.read().active, 0, 'who went in went out, and is counted once');
}
