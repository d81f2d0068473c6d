// Seeded random traffic: clients that pipeline, cut their bytes anywhere, pause and stop reading; targets that answer at once or
// late, in pieces, with any framing, and are slow to read.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { patterned, sha256 } from '../helpers/proxy.ts';
import { ResponseReader } from './responses.ts';

/** Requests of one connection. */
export const REQUESTS = 60;
const SIZES = [0, 1, 100, 3_000, 4_096, 8_192, 9_000, 70_000, 200_000];

interface ISent {
  readonly id: string;
  readonly method: string;
  readonly body: Buffer;
  readonly answerBytes: number;
}

type TRandom = () => number;
const pick = <T>(random: TRandom, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

function requestOf(random: TRandom, id: string): { sent: ISent; bytes: Buffer } {
  const method = pick(random, ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT']);
  const answerBytes = pick(random, SIZES);
  const body = method === 'POST' || method === 'PUT' ? patterned(pick(random, SIZES), answerBytes) : Buffer.alloc(0);
  const framing = pick(random, ['length', 'close', 'chunked']);
  const head = `${method} /${id}?bytes=${answerBytes}&framing=${framing} HTTP/1.1\r\nHost: a.test\r\nX-Id: ${id}\r\n`;
  const sent = { id, method, body, answerBytes };
  if (body.length === 0 || random() < 0.5) {
    const length = body.length > 0 ? `Content-Length: ${body.length}\r\n` : '';
    return { sent, bytes: Buffer.concat([Buffer.from(`${head}${length}\r\n`), body]) };
  }
  const parts: Buffer[] = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + Math.floor(random() * 20_000));
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
  }
  parts.push(Buffer.from('0\r\n\r\n'));
  return { sent, bytes: Buffer.concat(parts) };
}

export interface ITally {
  /** Answers of the target, and answers of the proxy in its place. */
  answered: number;
  refused: number;
  /** The connection ended before the last answer. */
  cut: boolean;
}

export type TConnect = (port: number) => Socket;
export const plainly: TConnect = (port) => connect({ port, host: '127.0.0.1', noDelay: true });

/**
 * One connection that sends all its requests and reads all its answers.
 *
 * @param mayFail 502 and a connection that is cut are taken for answers
 */
export async function runClient(socket: Socket, random: TRandom, name: string, mayFail = false): Promise<ITally> {
  const requests = Array.from({ length: REQUESTS }, (_, n) => requestOf(random, `${name}-${n}`));
  const reader = new ResponseReader((index) => requests[index]?.sent.method === 'HEAD');
  const tally: ITally = { answered: 0, refused: 0, cut: false };
  const told = (): number => tally.answered + tally.refused;
  const finished = new Promise<void>((resolve, reject) => {
    socket.on('error', (error) => {
      if (!mayFail) reject(error);
    });
    socket.on('close', () => {
      tally.cut = told() < REQUESTS;
      if (mayFail) resolve();
      else reject(new Error(`${name} was closed after ${told()} answers`));
    });
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const { status, head, body } of reader.take(bytes)) {
          const { id, method, body: asked, answerBytes } = requests[told()]!.sent;
          if (mayFail && status === 502) {
            tally.refused += 1;
            continue;
          }
          assert.equal(status, 200, head);
          assert.equal(/\r\nx-id: (.*)/i.exec(head)?.[1], id, 'the answer is that of its request');
          assert.equal(/\r\nx-body: (.*)/i.exec(head)?.[1], sha256(asked), 'the target had the whole body');
          if (method !== 'HEAD') assert.equal(sha256(body), sha256(patterned(answerBytes, told())));
          tally.answered += 1;
        }
      } catch (error) {
        reject(error as Error);
      }
      if (told() === REQUESTS) resolve();
      else if (random() < 0.05) {
        socket.pause();
        setImmediate(() => setImmediate(() => socket.resume()));
      }
    });
  });
  const send = async (): Promise<void> => {
    const all = Buffer.concat(requests.map(({ bytes }) => bytes));
    for (let at = 0; at < all.length;) {
      const size = 1 + Math.floor(random() ** 4 * 60_000);
      if (socket.destroyed) return;
      if (!socket.write(all.subarray(at, at + size))) await Promise.race([once(socket, 'drain'), finished]);
      if (random() < 0.3) await turn();
      at += size;
    }
  };
  await Promise.all([finished, send()]);
  if (!tally.cut) assert.equal(reader.leftover, 0);
  socket.removeAllListeners('close');
  socket.destroy();
  return tally;
}

/** Answers what the requests of {@link runClient} ask for; with `faults`, leaves some without an answer or the rest of it. */
export function answerer(random: TRandom, faults = 0): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (part: Buffer) => {
      parts.push(part);
      if (random() > 0.1) return;
      // A target that is slow to read: the client's body has to wait.
      request.pause();
      setImmediate(() => setImmediate(() => request.resume()));
    });
    if (random() < faults) {
      request.socket.destroy();
      return;
    }
    request.on('end', () => {
      const url = new URL(request.url!, 'http://a.test');
      const id = request.headers['x-id'] as string;
      const body = patterned(Number(url.searchParams.get('bytes')), Number(id.split('-')[1]));
      response.setHeader('X-Id', id);
      response.setHeader('X-Body', sha256(Buffer.concat(parts)));
      const framing = url.searchParams.get('framing');
      if (framing === 'length') response.setHeader('Content-Length', body.length);
      if (framing === 'close') response.setHeader('Connection', 'close');
      const answer = (): void => {
        for (let at = 0; at < body.length;) {
          const size = 1 + Math.floor(random() * 90_000);
          response.write(body.subarray(at, at + size));
          at += size;
          if (random() < faults) {
            request.socket.destroy();
            return;
          }
        }
        response.end();
      };
      if (random() < 0.5) answer();
      else setImmediate(answer);
    });
  };
}
