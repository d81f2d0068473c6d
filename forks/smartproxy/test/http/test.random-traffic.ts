// Seeded random traffic: clients that pipeline, cut their bytes anywhere, pause and stop reading; targets that answer early, late,
// in pieces and with any framing. Every request gets its own answer, in order, and everything is counted once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { forwardTo, patterned, sha256, startHttp, startProxy } from '../helpers/proxy.ts';
import { seededRandom } from '../helpers/random.ts';
import { ResponseReader } from './responses.ts';

const CLIENTS = 24;
const REQUESTS = 60;
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

/** One connection that sends all its requests and reads all its answers. */
async function runClient(port: number, random: TRandom, name: string): Promise<number> {
  const requests = Array.from({ length: REQUESTS }, (_, n) => requestOf(random, `${name}-${n}`));
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const reader = new ResponseReader((index) => requests[index]?.sent.method === 'HEAD');
  let answered = 0;
  const finished = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${name} was closed after ${answered} answers`)));
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const { status, head, body } of reader.take(bytes)) {
          const { id, method, body: asked, answerBytes } = requests[answered]!.sent;
          assert.equal(status, 200, head);
          assert.equal(/\r\nx-id: (.*)/i.exec(head)?.[1], id, 'the answer is that of its request');
          assert.equal(/\r\nx-body: (.*)/i.exec(head)?.[1], sha256(asked), 'the target had the whole body');
          if (method !== 'HEAD') assert.equal(sha256(body), sha256(patterned(answerBytes, answered)));
          answered += 1;
        }
      } catch (error) {
        reject(error as Error);
      }
      if (answered === REQUESTS) resolve();
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
      if (!socket.write(all.subarray(at, at + size))) await once(socket, 'drain');
      if (random() < 0.3) await turn();
      at += size;
    }
  };
  await Promise.all([finished, send()]);
  assert.equal(reader.leftover, 0);
  socket.removeAllListeners('close');
  socket.destroy();
  return answered;
}

for (const seed of [1, 2]) {
  test(`random traffic, seed ${seed}: each request has its own answer`, { timeout: 120_000 }, async (t) => {
    const random = seededRandom(seed);
    const backend = await startHttp(t, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => {
        parts.push(part);
        if (random() > 0.1) return;
        // A target that is slow to read: the client's body has to wait.
        request.pause();
        setImmediate(() => setImmediate(() => request.resume()));
      });
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
          }
          response.end();
        };
        if (random() < 0.5) answer();
        else setImmediate(answer);
      });
    });
    const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)]);
    const clients = Array.from({ length: CLIENTS }, (_, n) =>
      runClient(port(8080), seededRandom(seed * 1_000 + n), `c${n}`),
    );
    const answers = await Promise.all(clients);
    assert.deepEqual(answers, Array.from({ length: CLIENTS }).fill(REQUESTS));
    await ledger.assertLaws();
    assert.equal(proxy.stats.getTotals().requests, CLIENTS * REQUESTS);
  });
}
