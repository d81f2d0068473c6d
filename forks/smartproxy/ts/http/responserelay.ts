/**
 * The response's way from target to client: head rewritten, body re-framed, interim responses and upgrades.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import { CORS_RESPONSE_FIELDS } from '../headers/cors.ts';
import type { IPolicyVerdict } from '../interfaces/policy.ts';
import type { PolicyHeaders } from '../policy/headers.ts';
import { arrivedAtMs } from '../timing/arrival.ts';
import { BODY, BodyReader } from './body.ts';
import { emit } from './emit.ts';
import type { ExchangeState } from './exchangestate.ts';
import { FIELD } from './fields.ts';
import { Head, INCOMPLETE, REFUSED, scanResponseHead } from './head.ts';
import { dropEdited } from './outgoing.ts';
import { ResponseInfo, readResponse } from './response.ts';
import { forwardResponseHead } from './rewrite.ts';

/** As for requests: one of each serves the whole proxy. */
const head = new Head();
const info = new ResponseInfo();

const NOTHING = Buffer.alloc(0);
const HEX_RADIX = 16;
const MS_PER_SECOND = 1_000;
const BAD_GATEWAY = 502;
const CONTINUE = 100;
const SWITCHING = 101;
const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

export class ResponseRelay {
  /** Any byte of a response arrived. */
  begun = false;
  /** The read that brought the first byte is being worked on: its time is now, as far as anybody can tell. */
  isFirstRead = false;
  readonly #exchange: ExchangeState;
  readonly #body = new BodyReader();
  /** The final head was forwarded. */
  #headDone = false;
  #held: Buffer = NOTHING;
  #outChunked = false;
  #reusable = false;
  #keepAlive = true;
  #interim = 0;
  /** What the route still lets pass of the body. */
  #bytesLeft = Infinity;

  constructor(exchange: ExchangeState) {
    this.#exchange = exchange;
  }

  reset(): void {
    this.begun = false;
    this.isFirstRead = false;
    this.#headDone = false;
    this.#held = NOTHING;
    this.#interim = 0;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.begun) {
      this.#onBytes(bytes, start, end);
      return;
    }
    this.#observeFirstByte();
    this.#onBytes(bytes, start, end);
    this.isFirstRead = false;
  }

  #onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#headDone) {
      this.#forwardBody('', bytes, start, end);
      return;
    }
    if (this.#held.length === 0) {
      this.#readHeads(bytes, start, end);
      return;
    }
    const all = Buffer.concat([this.#held, bytes.subarray(start, end)]);
    this.#held = NOTHING;
    this.#readHeads(all, 0, all.length);
  }

  /** The target sent FIN. Returns true when that was the proper end of the response. */
  onEnd(): boolean {
    if (!this.#headDone || this.#body.kind !== BODY.untilClose) return false;
    const exchange = this.#exchange;
    if (this.#outChunked) {
      exchange.connection.stream.write('0\r\n\r\n', 'latin1');
      exchange.bytesOut += '0\r\n\r\n'.length;
    }
    exchange.complete(false, this.#keepAlive);
    return true;
  }

  #observeFirstByte(): void {
    const exchange = this.#exchange;
    this.begun = true;
    this.isFirstRead = true;
    exchange.firstByteAtMs = arrivedAtMs();
    const seconds = (exchange.firstByteAtMs - exchange.sentAtMs) / MS_PER_SECOND;
    if (exchange.target !== null) exchange.target.counters.firstByteLatency.observe(seconds);
  }

  /** Interim heads, then the final one with what follows it. */
  #readHeads(bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchange;
    let at = start;
    while (at < end) {
      const after = scanResponseHead(head, bytes, at, end);
      if (after === INCOMPLETE) {
        this.#held = Buffer.from(bytes.subarray(at, end));
        return;
      }
      const fault = after === REFUSED ? head.refusal : readResponse(info, head, bytes);
      if (fault !== null) {
        exchange.failUpstream(fault.reason, BAD_GATEWAY, null);
        return;
      }
      at = after;
      if (head.status >= 200) {
        this.#beginFinal(bytes, at, end);
        return;
      }
      if (head.status === SWITCHING) {
        this.#switch(bytes, at, end);
        return;
      }
      if (!this.#forwardInterim()) return;
    }
  }

  /** 100, 102, 103: passed on, but not to HTTP/1.0 clients (RFC 9110 §15.2). */
  #forwardInterim(): boolean {
    const exchange = this.#exchange;
    this.#interim += 1;
    if (this.#interim > limits.interimResponses) {
      exchange.failUpstream('too-many-interim-responses', BAD_GATEWAY, null);
      return false;
    }
    // RFC 9110 §10.1.1: now the client begins with its body.
    if (head.status === CONTINUE) exchange.rate.begin(exchange.engine.wheel.nowMs);
    if (exchange.clientMinor === 0) return true;
    const text = forwardResponseHead(info, head, '');
    exchange.bytesOut += text.length;
    exchange.counters.statusClasses[1]! += 1;
    exchange.connection.stream.write(text, 'latin1');
    return true;
  }

  #beginFinal(bytes: Buffer, at: number, end: number): void {
    const exchange = this.#exchange;
    const { status } = head;
    this.#headDone = true;
    this.#reusable = info.keepAlive;
    this.#frame(status);
    // A response ahead of the request's end is the last one: RFC 9110 §10.1.1 has us say whether we read on.
    this.#keepAlive = exchange.keepAlive && exchange.requestDone && !exchange.engine.draining && this.#canPersist();
    let tail = this.#outChunked ? 'Transfer-Encoding: chunked\r\n' : '';
    tail += this.#ownLines(exchange.policy, exchange.verdict);
    if (!this.#keepAlive) tail += 'Connection: close\r\n';
    else if (exchange.clientMinor === 0) tail += 'Connection: keep-alive\r\n';
    if (this.#bytesLeft < info.contentLength) {
      exchange.failUpstream('response-too-large', BAD_GATEWAY, null);
      return;
    }
    exchange.statusCode = status;
    this.#forwardBody(forwardResponseHead(info, head, tail), bytes, at, end);
  }

  /** Leaves out of the target's fields what is replaced, and gives the lines that are put in. */
  #ownLines(policy: TargetPolicy | null, verdict: IPolicyVerdict | null): string {
    let lines = this.#exchange.idLine === '' ? '' : this.#identify(policy);
    if (policy !== null && policy.editsResponses) lines += this.#edit(policy);
    const edits = verdict === null ? null : verdict.responseHeaders;
    return edits === null ? lines : editByPolicy(edits, lines);
  }

  /** Leaves out an id of the target's own, and gives the line with ours. */
  #identify(policy: TargetPolicy | null): string {
    const { idLine, engine } = this.#exchange;
    const ids = engine.requestIds!;
    if (ids.isEditedBy(policy === null ? null : policy.responseEdits)) return '';
    dropEdited(head, info.drop, (start, end) => ids.isHeader(info.text, start, end), info);
    return idLine;
  }

  /** Leaves out what the route replaces, and gives the lines to put in. */
  #edit(policy: TargetPolicy): string {
    const { responseEdits, cors } = policy;
    const exchange = this.#exchange;
    dropEdited(
      head,
      info.drop,
      (start, end) =>
        (responseEdits !== null && responseEdits.drops(info.text, start, end)) ||
        (cors !== null && CORS_RESPONSE_FIELDS.includes(info.text.slice(start, end).toLowerCase())),
      info,
    );
    let lines = cors === null ? '' : cors.responseLines(exchange.origin);
    if (responseEdits !== null) lines += responseEdits.lines(() => exchange.context());
    return lines;
  }

  /** Where the response ends, RFC 9112 §6.3, and how it is framed for the client. */
  #frame(status: number): void {
    const { clientMinor, isHead, policy } = this.#exchange;
    this.#outChunked = false;
    this.#bytesLeft = policy?.advanced.maxResponseBodyBytes ?? Infinity;
    if (isHead || status === NO_CONTENT || status === NOT_MODIFIED) {
      this.#body.begin(BODY.none, 0);
      // RFC 9110 §8.6: a 204 has no Content-Length; a client that believed it would wait for a body.
      if (status === NO_CONTENT) dropContentLength();
      return;
    }
    if (info.chunked) this.#body.begin(BODY.chunked, 0);
    else if (info.contentLength !== -1) {
      this.#body.begin(BODY.length, info.contentLength);
      return;
    } else this.#body.begin(BODY.untilClose, 0);
    this.#outChunked = clientMinor === 1;
  }

  /** A body that ends with the connection leaves none for the next request. */
  #canPersist(): boolean {
    return this.#outChunked || this.#body.kind === BODY.none || this.#body.kind === BODY.length;
  }

  /** Forwards `before` and body bytes in one write; ends the exchange with the body. */
  #forwardBody(before: string, bytes: Buffer, at: number, end: number): void {
    const exchange = this.#exchange;
    const body = this.#body;
    let next = at;
    body.dataStart = at;
    body.dataEnd = at;
    if (!body.done) {
      next = body.consume(bytes, at, end);
      if (next === -1) {
        exchange.failUpstream(body.refusal?.reason ?? 'bad-body', BAD_GATEWAY, null);
        return;
      }
    }
    const length = body.dataEnd - body.dataStart;
    this.#bytesLeft -= length;
    if (this.#bytesLeft < 0) {
      exchange.failUpstream('response-too-large', BAD_GATEWAY, null);
      return;
    }
    let prefix = before;
    let suffix = '';
    if (this.#outChunked) {
      if (length > 0) {
        prefix += `${length.toString(HEX_RADIX)}\r\n`;
        suffix = '\r\n';
      }
      if (body.done) suffix += `0\r\n${body.trailers}\r\n`;
    }
    const { connection, upstream } = exchange;
    const source = upstream === null ? null : upstream.stream;
    const freeEnd = next === end ? bytes.length : next;
    exchange.bytesOut += prefix.length + length + suffix.length;
    const more = emit(connection.stream, source, prefix, bytes, body.dataStart, body.dataEnd, freeEnd, suffix);
    if (!body.done) {
      exchange.touch();
      if (!more) exchange.pauseUpstream();
      return;
    }
    // Bytes past the end belong to no response; the connection cannot be trusted with another.
    exchange.complete(this.#reusable && next === end, this.#keepAlive);
  }

  /** 101: the connection becomes what both sides agreed on. */
  #switch(bytes: Buffer, at: number, end: number): void {
    const exchange = this.#exchange;
    const { upstream } = exchange;
    if (exchange.upgrade === '' || upstream === null || info.upgrade.toLowerCase() !== exchange.upgrade) {
      exchange.failUpstream('unexpected-upgrade', BAD_GATEWAY, null);
      return;
    }
    const tail = this.#ownLines(exchange.policy, exchange.verdict);
    const text = forwardResponseHead(info, head, `${tail}Connection: Upgrade\r\nUpgrade: ${info.upgrade}\r\n`);
    exchange.statusCode = SWITCHING;
    exchange.bytesOut += text.length;
    exchange.connection.stream.write(text, 'latin1');
    if (exchange.upgrade === 'websocket') exchange.connection.upgrade(exchange.plan?.name ?? '');
    const rest = at < end ? Buffer.from(bytes.subarray(at, end)) : NOTHING;
    exchange.tunnel(upstream, rest);
  }
}

/** Leaves out what the policy replaces, of the target's fields and of ours in `tail`, and puts its lines in. */
function editByPolicy(headers: PolicyHeaders, tail: string): string {
  dropEdited(head, info.drop, (start, end) => headers.drops(info.text, start, end), info);
  return headers.appendTo(tail);
}

function dropContentLength(): void {
  for (let at = 0; at < head.fieldCount; at += 1) {
    if (head.numbers[at] !== FIELD.contentLength) continue;
    info.drop[at] = 1;
    info.drops += 1;
  }
}
