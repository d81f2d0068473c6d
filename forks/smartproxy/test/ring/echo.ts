// A peer and an echo of ours in the ring that do all a socket can do, in an order that depends on a seed.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { IProxySocket } from '../../ts/connection/socket.ts';
import { notifyDrain } from '../../ts/connection/sockets.ts';
import { limits } from '../../ts/limits/limits.ts';
import type { Ring } from '../../ts/ring/ring.ts';
import { patterned } from '../helpers/proxy.ts';
import { seededRandom } from '../helpers/random.ts';
import type { KeepingOwner } from '../sockets/owner.ts';

const LONGEST = 200_000;
const MESSAGES = 150;

type TRandom = () => number;

/** Most are short, as the ring wants them; a few are longer than everything that bounds one. */
function messageLength(random: TRandom): number {
  const kind = random();
  if (kind < 0.7) return 1 + Math.floor(random() * 600);
  if (kind < 0.9) return 1 + Math.floor(random() * 10_000);
  if (kind < 0.95) return limits.ringBufferBytes - 1 + Math.floor(random() * 3);
  return 1 + Math.floor(random() * LONGEST);
}

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function collectGarbage(random: TRandom): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc !== undefined && random() < 0.02) gc();
}

/** Echoes within the call, whole or in parts, and now and then stops to read for a while. */
class Echo {
  inTurn = 0;
  readonly #ring: Ring;
  readonly #random: TRandom;
  readonly #socket: IProxySocket;
  readonly #owner: KeepingOwner;
  #waitsForDrain = false;

  constructor(ring: Ring, random: TRandom, socket: IProxySocket, owner: KeepingOwner) {
    this.#ring = ring;
    this.#random = random;
    this.#socket = socket;
    this.#owner = owner;
    owner.onBytes = (_source, bytes, start, end) => this.#answer(bytes, start, end);
    owner.onSocketDrain = () => {
      this.#waitsForDrain = false;
      socket.resume();
    };
    owner.onSocketEnd = () => socket.end();
  }

  #answer(bytes: Buffer, start: number, end: number): void {
    const random = this.#random;
    if (this.#ring.draining) this.inTurn += 1;
    const parts = random() < 0.7 ? 1 : 2 + Math.floor(random() * 2);
    for (let part = 0; part < parts; part += 1) {
      const from = start + Math.floor(((end - start) * part) / parts);
      this.#write(bytes, from, start + Math.floor(((end - start) * (part + 1)) / parts));
    }
    if (this.#socket.writableNeedDrain && !this.#waitsForDrain && random() < 0.8) {
      this.#waitsForDrain = true;
      this.#socket.pause();
      notifyDrain(this.#socket, this.#owner);
    } else if (random() < 0.05) void this.#rest();
    if (random() < 0.03) this.#socket.useOwnSlab();
    collectGarbage(random);
  }

  /** An empty part is written as well: whoever counts on there being a byte is found out. */
  #write(bytes: Buffer, from: number, to: number): void {
    const text = to - from <= limits.stringWriteBytes && this.#random() < 0.5;
    if (text) this.#socket.write(bytes.toString('latin1', from, to), 'latin1');
    else this.#socket.write(Buffer.from(bytes.subarray(from, to)));
  }

  async #rest(): Promise<void> {
    this.#socket.pause();
    if (this.#random() < 0.3) this.#socket.resume();
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns -= 1) await nextTurn();
    if (!this.#waitsForDrain) this.#socket.resume();
  }
}

/** What a peer sent and got back, and how often the echo was told something in a turn of the ring. */
export interface IEchoed {
  readonly sent: Buffer;
  readonly got: Buffer;
  readonly inTurn: number;
}

/** One conversation to its end. */
export async function converse(
  ring: Ring,
  seed: number,
  { socket, owner, peer }: { socket: IProxySocket; owner: KeepingOwner; peer: Socket },
): Promise<IEchoed> {
  const random = seededRandom(seed);
  const echo = new Echo(ring, random, socket, owner);
  const got: Buffer[] = [];
  const sent: Buffer[] = [];
  peer.on('data', (bytes: Buffer) => got.push(bytes));
  const ended = once(peer, 'end');
  for (let count = 0; count < MESSAGES; count += 1) {
    const message = patterned(messageLength(random), Math.floor(random() * LONGEST));
    sent.push(message);
    peer.write(message);
    if (random() < 0.05) {
      // A peer that does not read for a while lets what is sent to it wait.
      peer.pause();
      for (let turns = 0; turns < 5; turns += 1) await nextTurn();
      peer.resume();
    }
    collectGarbage(random);
    if (random() < 0.7) await nextTurn();
  }
  peer.end();
  await ended;
  return { sent: Buffer.concat(sent), got: Buffer.concat(got), inTurn: echo.inTurn };
}
