// How a client sends and reads: ahead of the answers, cut anywhere; at once, in its own time, or not before it must. It may end
// its side early. Every answer is held whole against what its request must bring.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom } from '../../helpers/random.ts';
import { turns } from './answers.ts';
import { below, fillOf, makeRequest, pick, type IAsked } from './requests.ts';
import { ResponseReader, type IResponse } from './responses.ts';

const REQUESTS_MAX = 60;
const PAUSE_TURNS_MAX = 20;
const BAD_GATEWAY = 502;

/** `deaf` clients read nothing until all is sent, or no more is taken. */
type TReading = 'at once' | 'with pauses' | 'late' | 'deaf';

export interface IConversation {
  readonly asked: readonly IAsked[];
  readonly reading: TReading;
  /** Bytes that a piece has at most; each is picked anew. */
  readonly pieces: readonly number[];
  /** Ends its side once all is sent; it still gets every answer. */
  readonly endsEarly: boolean;
  readonly seed: number;
}

/** @param faults chance that the target of a request breaks */
export function makeConversation(seed: number, faults: number): IConversation {
  const random = seededRandom(seed);
  const count = 1 + below(random, random() < 0.3 ? 4 : REQUESTS_MAX);
  const asksToEnd = random() < 0.3;
  const asked = Array.from({ length: count }, (_, at) =>
    makeRequest(random, `${seed}-${at}`, asksToEnd && at === count - 1, faults),
  );
  return {
    asked,
    reading: pick<TReading>(random, ['at once', 'with pauses', 'late', 'deaf']),
    pieces: pick(random, [[500_000], [1, 20, 2_000, 70_000, 500_000], [1, 2_000, 70_000], [100, 20_000]]),
    endsEarly: random() < 0.4,
    seed,
  };
}

/** What came of a conversation. */
export interface IOutcome {
  /** Statuses of the answers, in order. */
  readonly statuses: number[];
  /** Bytes on the wire, as the client counts them. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** One connection that asks everything and reads every answer. */
export class Client {
  readonly #socket: Socket;
  readonly #wire: Socket;
  readonly #talk: IConversation;
  readonly #reader: ResponseReader;
  readonly #statuses: number[] = [];
  #failure: Error | null = null;
  #socketError: Error | null = null;
  #sent = false;
  #listens: boolean;
  #ended = false;
  /** Somebody still takes what the socket has. */
  #reads = false;
  #wake: () => void = ignore;

  /** @param wire what carries `socket`, where that is TLS */
  constructor(socket: Socket, wire: Socket, talk: IConversation) {
    this.#socket = socket;
    this.#wire = wire;
    this.#talk = talk;
    this.#reader = new ResponseReader(talk.asked);
    this.#listens = talk.reading !== 'deaf';
    socket.on('error', (error) => {
      this.#socketError = error;
    });
    for (const event of ['close', 'end', 'drain']) socket.on(event, () => this.#wake());
  }

  /** Where it stands, for whoever wonders what it waits for. */
  get standing(): string {
    const { asked, reading, pieces, endsEarly } = this.#talk;
    const at = this.#statuses.length;
    const head = asked[at]?.bytes.toString('latin1', 0, 400).split('\r\n\r\n')[0] ?? 'nothing';
    const ways = `reads ${reading}, pieces of ${pieces.join('/')}${endsEarly ? ', ends early' : ''}`;
    return `answer ${at} of ${asked.length} (${ways}${this.#sent ? ', all sent' : ''}): ${head}`;
  }

  /** Asks, reads, and leaves. */
  async converse(): Promise<IOutcome> {
    if (this.#talk.reading === 'late') void this.#readLate();
    else if (this.#listens) this.#readFlowing();
    try {
      await this.#send();
      await this.#until(() => this.#isOver);
      this.#check();
    } finally {
      this.#socket.destroy();
    }
    return { statuses: this.#statuses, bytesSent: this.#wire.bytesWritten, bytesReceived: this.#wire.bytesRead };
  }

  get #told(): number {
    return this.#statuses.length;
  }

  get #isOver(): boolean {
    const { asked, endsEarly } = this.#talk;
    if (this.#failure !== null || this.#ended || (this.#socket.closed && !this.#reads)) return true;
    // Whoever is to be left waits for it.
    return this.#told === asked.length && !endsEarly && !asked.at(-1)!.isLast;
  }

  /** Every answer is there, or a target broke that the rest depended on. */
  #check(): void {
    if (this.#failure !== null) throw this.#failure;
    const { asked } = this.#talk;
    // A reset takes answers with it that the client had not read yet.
    const mayBeCut = asked.some(({ order }, at) => at >= this.#told - 1 && order !== null && order.breaks !== null);
    if (this.#told === asked.length || !mayBeCut) {
      assert.equal(this.#told, asked.length, `closed before the rest was answered: ${String(this.#socketError)}`);
      assert.equal(this.#reader.leftover, 0, 'nothing behind the last answer');
    }
  }

  async #until(met: () => boolean): Promise<void> {
    while (!met()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #send(): Promise<void> {
    const { asked, pieces, seed, endsEarly } = this.#talk;
    const random = seededRandom(seed + 1);
    const socket = this.#socket;
    const all = Buffer.concat(asked.map(({ bytes }) => bytes));
    const isGone = (): boolean => socket.destroyed || this.#ended || this.#failure !== null;
    for (let at = 0; at < all.length;) {
      // Thousands of single bytes show no more than hundreds.
      const size = 1 + below(random, at < 5_000 ? pick(random, pieces) : pieces.at(-1)!);
      if (isGone()) return;
      if (!socket.write(all.subarray(at, at + size))) {
        this.#listen();
        await this.#until(() => !socket.writableNeedDrain || isGone());
      } else if (random() < 0.5) await turn();
      at += size;
    }
    this.#sent = true;
    this.#listen();
    if (endsEarly && !isGone()) socket.end();
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#readFlowing();
  }

  #readFlowing(): void {
    const socket = this.#socket;
    const random = seededRandom(this.#talk.seed + 2);
    const pauses = this.#talk.reading === 'with pauses';
    socket.on('data', (bytes: Buffer) => {
      this.#take(this.#reader.take(bytes));
      if (!pauses || random() > 0.2) return;
      socket.pause();
      void turns(1 + below(random, PAUSE_TURNS_MAX)).then(() => socket.resume());
    });
    socket.on('end', () => this.#onEnd());
  }

  /** Leaves what comes with the socket until it suits. */
  async #readLate(): Promise<void> {
    const socket = this.#socket;
    const random = seededRandom(this.#talk.seed + 2);
    let readable: () => void = ignore;
    this.#reads = true;
    for (const event of ['readable', 'end', 'close']) socket.on(event, () => readable());
    while (!socket.readableEnded && !socket.destroyed) {
      await turns(below(random, PAUSE_TURNS_MAX));
      const part = socket.read() as Buffer | null;
      if (part !== null) this.#take(this.#reader.take(part));
      else if (!socket.readableEnded && !socket.destroyed) {
        await new Promise<void>((resolve) => {
          readable = resolve;
        });
      }
    }
    this.#reads = false;
    if (socket.readableEnded) this.#onEnd();
    else this.#wake();
  }

  #onEnd(): void {
    this.#take(this.#reader.end());
    this.#ended = true;
    this.#wake();
  }

  #take(responses: Iterable<IResponse>): void {
    if (this.#failure !== null) return;
    try {
      for (const response of responses) {
        checkAnswer(this.#talk.asked[this.#told]!, response);
        this.#statuses.push(response.status);
      }
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#wake();
  }
}

/** The answer is that of its request, and whole. */
function checkAnswer(asked: IAsked, { status, head, body, trailers, interim }: IResponse): void {
  const { order } = asked;
  if (order !== null && order.breaks !== null && status === BAD_GATEWAY) return;
  const field = (name: string): string => new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(head)?.[1] ?? '';
  assert.equal(status, asked.status, head.slice(0, 400));
  if (order !== null) {
    assert.equal(order.breaks, null, 'nothing whole can come of a target that breaks');
    assert.equal(field('X-Id'), order.id, 'the answer is that of its request');
    assert.equal(field('X-Heard'), asked.heard, 'the target received what was sent');
    assert.ok(field('X-Fill') === fillOf(order.id, order.fill), 'the whole head');
    const hasTrailer = order.framing === 'trailers' && asked.method !== 'HEAD' && !asked.isOld;
    assert.equal(trailers.toLowerCase(), hasTrailer ? `x-sum: ${order.id}` : '', 'what comes behind the body');
  }
  assert.equal(interim, asked.interim, 'interim responses');
  assert.equal(body.length, asked.body.length, 'the length of the body');
  assert.ok(body.equals(asked.body), 'the bytes of the body');
}

function ignore(): void {
  // Nobody waits.
}
