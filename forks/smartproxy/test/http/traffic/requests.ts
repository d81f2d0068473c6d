// What is asked: requests of every method, framing and size, and with each the whole answer that must come back for it.
import { createHash } from 'node:crypto';
import { patterned } from '../../helpers/proxy.ts';

export type TRandom = () => number;
export const pick = <T>(random: TRandom, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
export const below = (random: TRandom, limit: number): number => Math.floor(random() * limit);

/** Below, at and above the sizes of reads, slabs, write queues and pipelines. */
const SIZES = [0, 0, 1, 50, 100, 3_000, 4_096, 5_000, 8_192, 9_000, 65_536, 70_000, 90_000, 200_000, 400_000];
const PIECE_BYTES_MAX = 40_000;
const FILL_CHARS_MAX = 12_000;
const SEED_MAX = 2 ** 31;

export const GUARDED = 'b.test';
export const USER = 'u';
export const PASSWORD = 'p';
export const CANNED = 'canned';

/**
 * How a target frames what it answers: `closed` says that the connection ends and frames nevertheless, `bare` has only the
 * end of the connection.
 */
export type TFraming = 'length' | 'chunked' | 'trailers' | 'closed' | 'bare';
/** Where a target breaks: before it has the body, before it answers, within the head, within the body. */
export type TBreak = 'unread' | 'unanswered' | 'in-head' | 'in-body';

/** What the path tells the target. */
export interface IOrder {
  readonly id: string;
  readonly size: number;
  readonly framing: TFraming;
  /** Turns that it lets pass before it answers. */
  readonly late: number;
  /** Characters that make the head of the answer long. */
  readonly fill: number;
  /** Sends 103 first. */
  readonly hints: boolean;
  readonly breaks: TBreak | null;
  /** Of what it does by chance. */
  readonly seed: number;
}

export interface IAsked {
  readonly bytes: Buffer;
  readonly method: string;
  readonly status: number;
  /** Of an answer of the target's; null where the proxy answers. */
  readonly order: IOrder | null;
  /** Digest of what the target received. */
  readonly heard: string;
  readonly body: Buffer;
  /** Heads of interim responses ahead of the answer. */
  readonly interim: number;
  /** HTTP/1.0, which knows no chunks. */
  readonly isOld: boolean;
  /** The client wants no answer after this one. */
  readonly isLast: boolean;
}

const pattern = patterned(1_048_576);

/** Bytes that belong to nobody else: they begin elsewhere for each id. */
export function bytesOf(id: string, size: number): Buffer {
  const at = createHash('sha1').update(id).digest().readUInt32BE(0) % (pattern.length - size);
  return pattern.subarray(at, at + size);
}

/** The same as text that fits into a field. */
export function fillOf(id: string, chars: number): string {
  return bytesOf(`fill ${id}`, Math.ceil(chars / 2))
    .toString('hex')
    .slice(0, chars);
}

/** Of all that a target can know about a request. */
export function digestOf(method: string, url: string, fill: string, trailer: string, body: Buffer): string {
  return createHash('sha1').update(`${method} ${url}\n${fill}\n${trailer}\n`).update(body).digest('hex');
}

/** @returns the order that the path of a request tells */
export function readOrder(url: string): IOrder {
  return JSON.parse(decodeURIComponent(url.slice(url.indexOf('?') + 1))) as IOrder;
}

/** One request; `faults` is the chance that its target breaks. */
export function makeRequest(random: TRandom, id: string, isLast: boolean, faults: number): IAsked {
  const kind = isLast ? 1 : random();
  if (kind < 0.06) return ofProxy(random, pick(random, ['GET', 'HEAD']), '/canned', [], 200, CANNED);
  if (kind < 0.1) return ofProxy(random, 'GET', '/waits/no', UPGRADE, 403, 'Forbidden\n');
  if (kind < 0.12) {
    return ofProxy(
      random,
      pick(random, ['GET', 'HEAD']),
      `/${id}`,
      guarded(`not ${id}`),
      401,
      'Unauthorized\n',
      GUARDED,
    );
  }
  return ofTarget(random, id, isLast, faults);
}

const UPGRADE = ['Connection: Upgrade', 'Upgrade: x'];
const guarded = (password: string): string[] => [`Authorization: Basic ${btoa(`${USER}:${password}`)}`];

/** One that the proxy answers itself. Its body would still be under way then, which ends a connection: it has none. */
function ofProxy(
  random: TRandom,
  method: string,
  path: string,
  fields: readonly string[],
  status: number,
  answer: string,
  host = 'a.test',
): IAsked {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...fields];
  if (random() < 0.2) lines.push(`X-Fill: ${fillOf(path, below(random, FILL_CHARS_MAX))}`);
  const body = Buffer.from(method === 'HEAD' ? '' : answer);
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  return { bytes, method, status, order: null, heard: '', body, interim: 0, isOld: false, isLast: false };
}

function ofTarget(random: TRandom, id: string, isLast: boolean, faults: number): IAsked {
  const method = pick(random, ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT']);
  const isOld = random() < (isLast ? 0.5 : 0.04);
  const order = makeOrder(random, id, method, isOld && !isLast, faults);
  const waits = method === 'GET' && !isOld && random() < 0.12;
  const isGuarded = !waits && random() < 0.2;
  const url = `/${waits ? 'waits/' : ''}${id}?${encodeURIComponent(JSON.stringify(order))}`;
  const fill = random() < 0.15 ? fillOf(id, below(random, FILL_CHARS_MAX)) : '';
  const lines = [`${method} ${url} HTTP/1.${isOld ? 0 : 1}`, `Host: ${isGuarded ? GUARDED : 'a.test'}`];
  if (isGuarded) lines.push(...guarded(PASSWORD));
  if (waits) lines.push(...UPGRADE);
  if (fill !== '') lines.push(`X-Fill: ${fill}`);
  if (isLast && !isOld) lines.push('Connection: close');
  if (isOld && !isLast) lines.push('Connection: keep-alive');
  const hasBody = method === 'POST' || method === 'PUT';
  const sent = bytesOf(`body ${id}`, hasBody ? pick(random, SIZES) : 0);
  const isChunked = hasBody && !isOld && random() < 0.5;
  const trailer = isChunked && random() < 0.5 ? `of ${id} ${'t'.repeat(below(random, 3_000))}` : '';
  if (isChunked) lines.push('Transfer-Encoding: chunked');
  else if (hasBody) lines.push(`Content-Length: ${sent.length}`);
  const framed = isChunked ? chunked(random, sent, trailer) : [sent];
  return {
    bytes: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...framed]),
    method,
    status: 200,
    order,
    heard: digestOf(method, url, fill, trailer, sent),
    body: bytesOf(id, method === 'HEAD' ? 0 : order.size),
    interim: order.hints && !isOld ? 1 : 0,
    isOld,
    isLast,
  };
}

function makeOrder(random: TRandom, id: string, method: string, mustMeasure: boolean, faults: number): IOrder {
  const size = pick(random, SIZES);
  // An old client that wants to go on needs to be told the length.
  const framing = mustMeasure
    ? 'length'
    : pick<TFraming>(random, ['length', 'length', 'chunked', 'trailers', 'closed', 'bare']);
  const isCuttable = size > 0 && method !== 'HEAD' && framing !== 'bare';
  const places: TBreak[] = ['unread', 'unanswered', 'in-head', ...(isCuttable ? (['in-body'] as const) : [])];
  return {
    id,
    size,
    framing,
    late: random() < 0.5 ? 0 : 1 + below(random, 6),
    fill: random() < 0.15 ? below(random, FILL_CHARS_MAX) : 0,
    hints: random() < 0.05,
    breaks: random() < faults ? pick(random, places) : null,
    seed: below(random, SEED_MAX),
  };
}

function chunked(random: TRandom, body: Buffer, trailer: string): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + below(random, PIECE_BYTES_MAX));
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
  }
  parts.push(Buffer.from(trailer === '' ? '0\r\n\r\n' : `0\r\nX-Behind: ${trailer}\r\n\r\n`));
  return parts;
}
