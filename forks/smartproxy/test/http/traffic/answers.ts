// What the target answers: what the path of a request orders, at once or late, in pieces, with any framing. It may be slow to
// read and may break, as the order says; nothing of it depends on when bytes come.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom } from '../../helpers/random.ts';
import { below, bytesOf, digestOf, fillOf, readOrder, type IOrder, type TRandom } from './requests.ts';

const PIECE_BYTES_MAX = 90_000;
const PAUSE_TURNS_MAX = 8;

export async function turns(count: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) await turn();
}

/** Tells what it received, so that the client can hold it against what was sent. */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  const order = readOrder(request.url!);
  const random = seededRandom(order.seed);
  request.on('error', ignore);
  response.on('error', ignore);
  if (order.breaks === 'unread') {
    request.socket.destroy();
    return;
  }
  const parts: Buffer[] = [];
  const isSlow = random() < 0.5;
  request.on('data', (part: Buffer) => {
    parts.push(part);
    if (!isSlow) return;
    // The client's body has to wait.
    request.pause();
    void turns(1 + below(random, PAUSE_TURNS_MAX)).then(() => request.resume());
  });
  request.on('end', () => {
    const body = Buffer.concat(parts);
    void turns(order.late).then(async () => await send(request, response, order, random, body));
  });
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  order: IOrder,
  random: TRandom,
  heard: Buffer,
): Promise<void> {
  const { socket } = request;
  if (order.breaks === 'unanswered') socket.destroy();
  if (order.breaks === 'in-head') {
    socket.write(`HTTP/1.1 200 OK\r\nX-Id: ${order.id}\r\nX-Hea`);
    await turn();
    socket.destroy();
  }
  if (socket.destroyed) return;
  if (order.hints) response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  const body = bytesOf(order.id, order.size);
  setHead(request, response, order, heard);
  // The head by itself, or in one write with what follows.
  if (random() < 0.3) response.flushHeaders();
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + below(random, PIECE_BYTES_MAX));
    if (order.breaks === 'in-body' && (at + size === body.length || random() < 0.3)) {
      response.write(body.subarray(at, at + size - 1));
      // What was written is on its way: the client has begun to read the answer.
      await turn();
      socket.destroy();
      return;
    }
    response.write(body.subarray(at, at + size));
    at += size;
    if (random() < 0.2) await turn();
  }
  if (order.framing === 'trailers') response.addTrailers({ 'X-Sum': order.id });
  response.end();
}

function setHead(request: IncomingMessage, response: ServerResponse, order: IOrder, heard: Buffer): void {
  const fill = request.headers['x-fill'] as string | undefined;
  const trailer = request.trailers['x-behind'];
  const hasBody = request.method !== 'HEAD';
  response.setHeader('X-Id', order.id);
  response.setHeader('X-Heard', digestOf(request.method!, request.url!, fill ?? '', trailer ?? '', heard));
  if (order.fill > 0) response.setHeader('X-Fill', fillOf(order.id, order.fill));
  if (order.framing === 'length') response.setHeader('Content-Length', order.size);
  else if (order.framing === 'trailers' && hasBody) response.setHeader('Trailer', 'X-Sum');
  else if (order.framing === 'closed') response.setHeader('Connection', 'close');
  else if (order.framing === 'bare') {
    response.setHeader('Connection', 'close');
    response.removeHeader('Transfer-Encoding');
  }
}

function ignore(): void {
  // The proxy cuts connections that it does not need any more.
}
