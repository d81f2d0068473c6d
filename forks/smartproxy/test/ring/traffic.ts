// Clients and a target that kill their connections at random, and say for each request which answer was its own.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { seededRandom } from '../helpers/random.ts';

/** What becomes of a response, and of what share of them up to that. */
const FATES = [
  [0.8, 'whole'],
  [0.88, 'chunked'],
  [0.92, 'parts'],
  [0.95, 'reset'],
  [0.98, 'cut'],
  [1, 'dead'],
] as const;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What the target does is in the path: `/<id>/<fate>/<length>`. */
export function answer(req: IncomingMessage, res: ServerResponse): void {
  const [, id = '', fate = '', length = '0'] = req.url!.split('/');
  const parts: Buffer[] = [];
  req.on('data', (part: Buffer) => parts.push(part));
  req.on('error', () => {});
  req.on('end', () => {
    if (fate === 'dead') {
      reset(req.socket);
      return;
    }
    const whole = `${id}:${sha256(Buffer.concat(parts))}:${id.padStart(Number(length), 'x')}`;
    if (fate !== 'chunked') res.setHeader('Content-Length', whole.length);
    const half = whole.length >> 1;
    if (fate === 'whole') res.end(whole);
    else {
      res.write(whole.slice(0, half));
      setImmediate(() => {
        if (fate === 'reset') reset(req.socket);
        else if (fate === 'cut') req.socket.destroy();
        else res.end(whole.slice(half));
      });
    }
  });
}

/**
 * Node refuses to reset a socket that is sending its FIN, forgets the handle all the same, and its process then never
 * comes to its end.
 */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** What all clients saw. */
export class Seen {
  /** Ids of requests that got an answer of their own in full, and how often. */
  readonly answers = new Map<string, number>();
  readonly wrong: string[] = [];
  /** Connections that ended in order: the port, bytes written and bytes read. */
  readonly clean: Array<{ port: number; sent: number; got: number }> = [];
  /** Requests without an answer: one of the ends killed their connection. */
  killed = 0;
  refused = 0;
  stopping = false;
  #missing: number;
  readonly #all = Promise.withResolvers<void>();

  constructor(seats: number) {
    this.#missing = seats;
  }

  /** Waits until everybody is connected, so that they are many at once. */
  async everybody(): Promise<void> {
    this.#missing -= 1;
    if (this.#missing === 0) this.#all.resolve();
    await this.#all.promise;
  }
}

interface IResponse {
  readonly status: number;
  readonly body: string;
  readonly last: boolean;
}

/** Takes a response off the front, if it is whole. */
export function parse(text: string): (IResponse & { length: number }) | null {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = text.slice(0, end).toLowerCase();
  const status = Number(head.slice(9, 12));
  const last = head.includes('\r\nconnection: close');
  const length = /\r\ncontent-length: (\d+)/.exec(head);
  const start = end + 4;
  if (length !== null) {
    const whole = start + Number(length[1]);
    return text.length < whole ? null : { status, body: text.slice(start, whole), last, length: whole };
  }
  let body = '';
  for (let at = start; ;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return null;
    const size = parseInt(text.slice(at, line), 16);
    if (text.length < line + 4 + size) return null;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
    if (size === 0) return { status, body, last, length: at };
  }
}

/** One client after another in the same seat, each of some requests, until there were enough of them. */
export class Seat {
  readonly #random: () => number;
  readonly #port: number;
  readonly #name: string;
  readonly #seen: Seen;
  #count = 0;

  constructor(seed: number, port: number, seen: Seen) {
    this.#random = seededRandom(seed);
    this.#port = port;
    this.#name = String(seed);
    this.#seen = seen;
  }

  async sit(requests: number): Promise<void> {
    while (this.#count < requests && !this.#seen.stopping) await this.#converse(requests);
  }

  async #converse(requests: number): Promise<void> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    const closed = once(socket, 'close').catch(() => {});
    let text = '';
    const state = { ended: false };
    let wake: (() => void) | null = null;
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      wake?.();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        state.ended = true;
        wake?.();
      });
    }
    const seen = this.#seen;
    await Promise.race([once(socket, 'connect').catch(() => {}), closed]);
    const { localPort } = socket;
    if (this.#count === 0) await seen.everybody();
    while (!state.ended && this.#count < requests) {
      this.#count += 1;
      const id = `${this.#name}-${this.#count}`;
      const { body, fate } = this.#send(socket, id);
      if (fate === 'kill') {
        reset(socket);
        seen.killed += 1;
        break;
      }
      const early = this.#random() < 0.03;
      let response = parse(text);
      while (response === null && !state.ended) {
        await new Promise<void>((resolve) => (wake = resolve));
        if (early && text.length > 0) break;
        response = parse(text);
      }
      if (response === null) {
        if (early) reset(socket);
        text = '';
        seen.killed += 1;
        break;
      }
      text = text.slice(response.length);
      this.#judge(response, id, body);
      if (response.last) break;
    }
    if (text.length > 0) seen.wrong.push(`${this.#name}: more than was asked for`);
    if (state.ended || socket.destroyed) socket.destroy();
    else {
      socket.end();
      await closed;
      if (!socket.errored) seen.clean.push({ port: localPort!, sent: socket.bytesWritten, got: socket.bytesRead });
    }
    await closed;
  }

  #send(socket: Socket, id: string): { body: Buffer; fate: string } {
    const random = this.#random;
    const chance = random();
    const fate = FATES.find(([share]) => chance < share)![1];
    const length = random() < 0.9 ? Math.floor(random() * 500) : Math.floor(random() * 60_000);
    const body = Buffer.alloc(random() < 0.7 ? 0 : Math.floor(random() * (random() < 0.8 ? 1_000 : 30_000)), id);
    const head = `${body.length > 0 ? 'POST' : 'GET'} /${id}/${fate}/${length} HTTP/1.1\r\nHost: a.test\r\n`;
    const request = Buffer.concat([
      Buffer.from(`${head}${body.length > 0 ? `Content-Length: ${body.length}\r\n` : ''}\r\n`),
      body,
    ]);
    if (random() < 0.03) {
      socket.write(request.subarray(0, Math.floor(random() * request.length)));
      return { body, fate: 'kill' };
    }
    const cut = random() < 0.2 ? Math.floor(random() * request.length) : 0;
    if (cut > 0) socket.write(request.subarray(0, cut));
    socket.write(request.subarray(cut));
    return { body, fate };
  }

  #judge({ status, body }: IResponse, id: string, sent: Buffer): void {
    const { answers, wrong } = this.#seen;
    if (status === 200) {
      answers.set(id, (answers.get(id) ?? 0) + 1);
      if (!body.startsWith(`${id}:${sha256(sent)}:`) || !body.endsWith(id))
        wrong.push(`${id} got ${body.slice(0, 40)}`);
    } else if (status === 502 || status === 503) {
      // The target killed its connection before any answer.
      this.#seen.refused += 1;
    } else wrong.push(`${id} got ${status}`);
  }
}
