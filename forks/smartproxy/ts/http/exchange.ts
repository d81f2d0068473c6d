/**
 * One request and its response: route, upstream, both bodies, and the one place where it ends and is counted.
 *
 * A client connection has one exchange object and uses it for every request.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import type { IEngine } from '../connection/engine.ts';
import { planOf } from '../connection/plan.ts';
import type { RoutePlan } from '../connection/plan.ts';
import { REASON } from '../connection/reasons.ts';
import { notifyDrain, pauseStream, resumeStream } from '../connection/socket.ts';
import { startHandler } from '../handler/handler.ts';
import { CHALLENGES } from '../interfaces/stats.ts';
import type { RouteCounters } from '../stats/counters.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { BODY, BodyReader } from './body.ts';
import { requestContext } from './context.ts';
import { emit } from './emit.ts';
import { responseText } from './errorpage.ts';
import type { ILocalResponse } from './errorpage.ts';
import type { Head } from './head.ts';
import type { IUpstreamUser, UpstreamConnection, UpstreamTarget } from './pool.ts';
import type { IRefusal } from './refusals.ts';
import { REFUSALS } from './refusals.ts';
import type { RequestInfo } from './request.ts';
import { ResponseRelay } from './responserelay.ts';
import { fieldValue, forwardRequestHead } from './rewrite.ts';
import type { HttpStage } from './stage.ts';

const MS_PER_SECOND = 1_000;
const HEX_RADIX = 16;
const BAD_GATEWAY = 502;
const GATEWAY_TIMEOUT = 504;

export class Exchange implements IUpstreamUser {
  readonly stage: HttpStage;
  readonly connection: Connection;
  readonly engine: IEngine;
  readonly relay: ResponseRelay;
  active = false;
  /** The whole request was read from the client. */
  requestDone = true;
  counters: RouteCounters;
  plan: RoutePlan | null = null;
  upstream: UpstreamConnection | null = null;
  method = '';
  host = '';
  path = '';
  isHead = false;
  /** HTTP/1.0 clients know neither chunked nor interim responses. */
  clientMinor = 1;
  keepAlive = true;
  /** Protocol that the client asks to upgrade to, '' for none. */
  upgrade = '';
  statusCode = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Monotonic ms when the head was complete, when the request was handed on, and of the first response byte. */
  startedAtMs = 0;
  sentAtMs = 0;
  firstByteAtMs = 0;
  readonly #request = new BodyReader();
  #target: UpstreamTarget | null = null;
  /** The head as forwarded; kept until a response arrives, for the case that it must be sent again. */
  #headText = '';
  /** Framed body bytes that wait for the upstream connection. */
  #heldBody: Buffer[] = [];
  #repeatable = false;
  #retried = false;
  #upstreamPaused = false;
  /** Fields about the client that every forwarded request of this connection carries. */
  readonly #clientFields: string;

  constructor(stage: HttpStage) {
    this.stage = stage;
    this.connection = stage.connection;
    this.engine = stage.connection.engine;
    this.counters = this.connection.counters;
    this.relay = new ResponseRelay(this);
    const { clientIp, localPort, isTls } = this.connection;
    this.#clientFields =
      `X-Forwarded-For: ${clientIp}\r\nX-Forwarded-Proto: ${isTls ? 'https' : 'http'}\r\n` +
      `X-Forwarded-Port: ${localPort}\r\n`;
  }

  /**
   * Begins with a request whose head ends at `at`; body bytes may follow up to `end`.
   * @returns where the unread bytes begin, or -1 when the stage must stop reading
   */
  begin(head: Head, info: RequestInfo, bytes: Buffer, at: number, end: number): number {
    this.#reset(info, head.minorVersion, head.end - head.start);
    const { connection, engine } = this;
    const answer = engine.certificates.challengeResponse(info.path);
    if (answer !== null) return this.#answerChallenge(answer, info, bytes, at, end);
    const route = engine.table.matchRequest(
      connection.localPort,
      connection.clientIp,
      connection.isTls,
      info.authority === '' ? undefined : info.authority,
      info.path,
      info.method,
      (name) => fieldValue(info.text, head, name),
      connection.tlsVersion,
    );
    if (route === null) {
      this.#startBody(info);
      return this.#refuseRoute(bytes, at, end);
    }
    const plan = planOf(engine, route);
    this.plan = plan;
    this.counters = plan.counters;
    if (connection.domain === undefined && info.host !== '') connection.domain = info.host;
    if (route.config.action.type === 'socket-handler' || route.kind === 'tcp') {
      this.#handOver(plan, bytes, head.start, end);
      return -1;
    }
    connection.open(plan.name, plan.counters, connection.isTls ? 'https' : 'http');
    this.#startBody(info);
    return this.#forward(plan, head, info, bytes, at, end);
  }

  /** Begins with a request that could not be understood, so that its refusal is counted as any exchange. */
  beginRefused(info: RequestInfo | null): void {
    this.#reset(info, 1, 0);
    this.requestDone = false;
  }

  /** Takes body bytes from the client; see {@link begin} for the result. */
  onRequestBody(bytes: Buffer, at: number, end: number): number {
    const next = this.#request.consume(bytes, at, end);
    if (next === -1) return this.#refuseBody();
    this.bytesIn += next - at;
    this.requestDone = this.#request.done;
    const { upstream } = this;
    this.connection.expireIn(this.requestDone ? this.engine.settings.responseMs : this.engine.settings.bodyMs);
    if (upstream === null || !upstream.connected) this.#holdBody(bytes);
    else this.#sendBody(upstream, '', bytes, next === end ? bytes.length : next);
    return next;
  }

  onUpstreamReady(upstream: UpstreamConnection): void {
    this.sentAtMs = performance.now();
    upstream.uses += 1;
    const { stream } = upstream;
    if (this.#heldBody.length === 0) stream.write(this.#headText, 'latin1');
    else stream.write(Buffer.concat([Buffer.from(this.#headText, 'latin1'), ...this.#heldBody]));
    this.#heldBody = [];
    this.connection.expireIn(this.requestDone ? this.engine.settings.responseMs : this.engine.settings.bodyMs);
    if (this.requestDone) return;
    if (stream.writableNeedDrain) notifyDrain(stream, upstream);
    else this.stage.resumeReading();
  }

  onUpstreamData(bytes: Buffer, start: number, end: number): void {
    this.relay.onData(bytes, start, end);
  }

  onUpstreamEnd(): void {
    if (this.relay.onEnd()) return;
    if (this.upstream !== null) this.upstream.stream.destroy();
  }

  onUpstreamDrain(): void {
    this.stage.resumeReading();
  }

  onUpstreamGone(upstream: UpstreamConnection, code: string, error: Error | null): void {
    this.upstream = null;
    if (!this.active) return;
    const target = upstream.target;
    if (upstream.connected && this.#mayRepeat(upstream)) {
      this.#retried = true;
      target.counters.retries += 1;
      this.upstream = target.open(this);
      this.connection.expireIn(this.engine.settings.connectMs);
      return;
    }
    this.failUpstream(upstream.connected ? 'aborted' : code, BAD_GATEWAY, error);
  }

  onClientDrain(): void {
    if (!this.#upstreamPaused || this.upstream === null) return;
    this.#upstreamPaused = false;
    resumeStream(this.upstream.stream);
  }

  onDeadline(): void {
    const { upstream, engine } = this;
    if (upstream !== null && !upstream.connected) this.failUpstream('connect-timeout', GATEWAY_TIMEOUT, null);
    else if (!this.requestDone && this.statusCode === 0) this.stage.refuse(REFUSALS.requestTimeout);
    else if (this.statusCode === 0) this.failUpstream('response-timeout', GATEWAY_TIMEOUT, null);
    else if (this.#upstreamPaused) this.#cut(REASON.writeTimeout, 'write-timeout');
    else this.#cut(engine.draining ? REASON.shutdown : REASON.responseTimeout, 'response-timeout');
  }

  /** The client is gone. */
  abort(): void {
    if (!this.active) return;
    this.#dropUpstream();
    this.finish('client-gone', false);
  }

  /** The client's stream takes no more for now: stop reading the response. */
  pauseUpstream(): void {
    if (this.upstream === null) return;
    this.#upstreamPaused = true;
    pauseStream(this.upstream.stream);
    notifyDrain(this.connection.stream, this.connection);
  }

  /** The target failed; answers with `status` if nothing was answered yet, cuts the connection otherwise. */
  failUpstream(reason: string, status: number, error: Error | null): void {
    const { gate } = this.engine;
    const target = this.#target;
    if (target !== null) {
      target.counters.failures.add(reason);
      if (gate.upstreamError) {
        const event = { target: target.name, routeName: this.plan?.name ?? '', reason, timestamp: new Date() };
        gate.emit('upstream-error', error === null ? event : { ...event, error: error.message });
      }
    }
    this.#dropUpstream();
    if (this.statusCode !== 0) this.#cut(REASON.upstreamError, reason);
    else this.respond({ status }, reason);
  }

  /** Answers without a target. */
  respond(response: ILocalResponse, error?: string): void {
    const keep = this.keepAlive && this.requestDone && !this.engine.draining;
    const persistence = keep ? (this.clientMinor === 0 ? 'Connection: keep-alive\r\n' : '') : 'Connection: close\r\n';
    const text = responseText(response, this.isHead, persistence);
    this.statusCode = response.status;
    this.bytesOut += text.length;
    this.connection.stream.write(text, 'latin1');
    if (!this.requestDone) this.stage.linger(REASON.completed);
    this.finish(error, keep);
  }

  /** Answers a refused request and ends the connection. */
  refuse(refusal: IRefusal): void {
    this.#dropUpstream();
    if (this.statusCode === 0) {
      this.statusCode = refusal.status;
      this.bytesOut += this.stage.endWith(refusal.status, this.isHead, REASON.refused);
    } else this.connection.reset(REASON.refused);
    if (!this.active) return;
    if (this.connection.isOpen) this.finish(refusal.reason, false);
    else {
      // Without a route this is a refused connection, not an exchange: only the answer is counted.
      this.active = false;
      this.requestDone = true;
      this.counters.statusClasses[Math.floor(this.statusCode / 100)]! += 1;
    }
  }

  /** The response is complete: `reusable` tells whether the upstream connection may serve another exchange. */
  complete(reusable: boolean, keepAlive: boolean): void {
    const { upstream } = this;
    this.upstream = null;
    if (upstream !== null) {
      if (this.#upstreamPaused) resumeStream(upstream.stream);
      this.#upstreamPaused = false;
      if (reusable && this.requestDone) upstream.target.release(upstream);
      else {
        upstream.user = null;
        upstream.stream.destroySoon();
      }
    }
    if (this.requestDone) {
      this.finish(undefined, keepAlive);
      return;
    }
    // The target answered before it had the whole request: the rest is read and thrown away for a while.
    this.stage.linger(REASON.completed);
    this.finish(undefined, false);
  }

  /** Counts the exchange and gives the connection back to the stage. The one end of every exchange. */
  finish(error: string | undefined, keepAlive: boolean): void {
    this.active = false;
    this.requestDone = true;
    this.#headText = '';
    this.#heldBody = [];
    const nowMs = performance.now();
    const durationMs = nowMs - this.startedAtMs;
    const { recorder, gate } = this.engine;
    const { counters } = this;
    counters.requests += 1;
    if (this.statusCode !== 0) counters.statusClasses[Math.floor(this.statusCode / 100)]! += 1;
    counters.latency.observe(durationMs / MS_PER_SECOND);
    recorder.requests += 1;
    recorder.requestRate.add(1, nowMs);
    this.connection.requests += 1;
    if (gate.request) this.#announce(durationMs, error);
    this.stage.onExchangeDone(keepAlive);
  }

  /** Leaves the connection to a tunnel between client and upstream, after a 101. */
  tunnel(upstream: UpstreamConnection): void {
    this.upstream = null;
    const held = this.stage.leave();
    const tunnel = new Tunnel(this.connection, upstream.target, null);
    this.connection.stage = tunnel;
    this.finish(undefined, false);
    tunnel.adopt(upstream);
    if (held.length > 0) tunnel.onData(held, 0, held.length);
  }

  get target(): UpstreamTarget | null {
    return this.#target;
  }

  #reset(info: RequestInfo | null, minorVersion: number, headBytes: number): void {
    this.active = true;
    this.plan = null;
    this.counters = this.connection.counters;
    this.method = info === null ? '' : info.method;
    this.host = info === null ? '' : info.host;
    this.path = info === null ? '' : info.path;
    this.isHead = this.method === 'HEAD';
    this.clientMinor = minorVersion;
    this.keepAlive = info !== null && info.keepAlive;
    this.upgrade = info === null ? '' : info.upgrade;
    this.#repeatable = info !== null && info.repeatable;
    this.#retried = false;
    this.#target = null;
    this.statusCode = 0;
    this.bytesIn = headBytes;
    this.bytesOut = 0;
    this.startedAtMs = performance.now();
    this.sentAtMs = 0;
    this.firstByteAtMs = 0;
    this.relay.reset();
  }

  #startBody(info: RequestInfo): void {
    if (info.chunked) this.#request.begin(BODY.chunked, 0);
    else if (info.contentLength > 0) this.#request.begin(BODY.length, info.contentLength);
    else this.#request.begin(BODY.none, 0);
    this.requestDone = this.#request.done;
  }

  #forward(plan: RoutePlan, head: Head, info: RequestInfo, bytes: Buffer, at: number, end: number): number {
    const { connection, engine } = this;
    const chosen = plan.choose(connection, () => requestContext(connection, plan, head, info));
    const target = engine.pool.target(chosen.host, chosen.port, chosen.tlsKey, chosen.tlsOptions);
    this.#target = target;
    target.counters.requests += 1;
    let tail = `${this.#clientFields}X-Forwarded-Host: ${info.authority}\r\n`;
    if (info.authority === '') tail = `Host: ${target.name}\r\n${this.#clientFields}`;
    if (info.upgrade !== '') tail += `Connection: Upgrade\r\nUpgrade: ${info.upgrade}\r\n`;
    this.#headText = forwardRequestHead(info, head, info.target, tail);
    let next = at;
    if (!this.requestDone) {
      next = this.#request.consume(bytes, at, end);
      if (next === -1) return this.#refuseBody();
      this.bytesIn += next - at;
      this.requestDone = this.#request.done;
    }
    const upstream = target.take(this);
    this.upstream = upstream;
    if (upstream === null) {
      if (next > at) this.#holdBody(bytes);
      if (!this.requestDone) this.stage.pauseReading();
      connection.expireIn(engine.settings.connectMs);
      this.upstream = target.open(this);
      return next;
    }
    upstream.uses += 1;
    this.sentAtMs = this.startedAtMs;
    connection.expireIn(this.requestDone ? engine.settings.responseMs : engine.settings.bodyMs);
    if (next === at) upstream.stream.write(this.#headText, 'latin1');
    else this.#sendBody(upstream, this.#headText, bytes, next === end ? bytes.length : next);
    return next;
  }

  /** http-01 (RFC 8555 §8.3) goes before all routes, on every port that speaks HTTP. */
  #answerChallenge(body: string, info: RequestInfo, bytes: Buffer, at: number, end: number): number {
    const { connection, engine } = this;
    connection.open(CHALLENGES, engine.recorder.route(CHALLENGES), connection.isTls ? 'https' : 'http');
    this.counters = connection.counters;
    this.#startBody(info);
    const next = this.#request.done ? at : this.#request.consume(bytes, at, end);
    if (next === -1) return this.#refuseBody();
    this.requestDone = this.#request.done;
    this.respond({ status: 200, body, contentType: 'application/octet-stream' });
    return next;
  }

  /** No route: a connection that has one keeps it and goes on, another ends. */
  #refuseRoute(bytes: Buffer, at: number, end: number): number {
    const { connection, engine } = this;
    if (!connection.isOpen) {
      this.stage.refuse(REFUSALS.noRoute);
      return -1;
    }
    const next = this.#request.done ? at : this.#request.consume(bytes, at, end);
    if (next === -1) return this.#refuseBody();
    this.requestDone = this.#request.done;
    engine.recorder.reject(REFUSALS.noRoute.reason, connection.counters);
    this.respond({ status: REFUSALS.noRoute.status }, REFUSALS.noRoute.reason);
    return next;
  }

  /** Sends what the body reader just found, after `before`. */
  #sendBody(upstream: UpstreamConnection, before: string, bytes: Buffer, freeEnd: number): void {
    const { dataStart, dataEnd } = this.#request;
    const length = dataEnd - dataStart;
    let prefix = before;
    let suffix = '';
    if (this.#request.kind === BODY.chunked) {
      if (length > 0) {
        prefix += `${length.toString(HEX_RADIX)}\r\n`;
        suffix = '\r\n';
      }
      if (this.#request.done) suffix += `0\r\n${this.#request.trailers}\r\n`;
    }
    const { stream } = upstream;
    if (emit(stream, this.connection.stream, prefix, bytes, dataStart, dataEnd, freeEnd, suffix)) return;
    if (this.requestDone) return;
    this.stage.pauseReading();
    notifyDrain(stream, upstream);
  }

  /** Keeps what the body reader just found, framed, until the upstream connection is there. */
  #holdBody(bytes: Buffer): void {
    const { dataStart, dataEnd, kind, done, trailers } = this.#request;
    const length = dataEnd - dataStart;
    const chunked = kind === BODY.chunked;
    if (chunked && length > 0) this.#heldBody.push(Buffer.from(`${length.toString(HEX_RADIX)}\r\n`, 'latin1'));
    if (length > 0) this.#heldBody.push(Buffer.from(bytes.subarray(dataStart, dataEnd)));
    const end = (chunked && length > 0 ? '\r\n' : '') + (chunked && done ? `0\r\n${trailers}\r\n` : '');
    if (end !== '') this.#heldBody.push(Buffer.from(end, 'latin1'));
  }

  #refuseBody(): number {
    const refusal = this.#request.refusal ?? REFUSALS.chunkSize;
    this.stage.refuse(refusal);
    return -1;
  }

  /** A pooled connection may have been closed by the target just as we used it: RFC 9112 §9.3.1. */
  #mayRepeat(upstream: UpstreamConnection): boolean {
    return this.#repeatable && !this.#retried && upstream.uses > 1 && !this.relay.begun && this.statusCode === 0;
  }

  /** Gives the connection to a socket handler or tunnel, as if nothing had been read. */
  #handOver(plan: RoutePlan, bytes: Buffer, start: number, end: number): void {
    this.active = false;
    const { connection } = this;
    const held = Buffer.from(bytes.subarray(start, end));
    this.stage.leave();
    startHandler(connection, plan, held);
  }

  #dropUpstream(): void {
    const { upstream } = this;
    this.upstream = null;
    this.#upstreamPaused = false;
    if (upstream === null) return;
    upstream.user = null;
    upstream.stream.destroy();
  }

  /** Ends an exchange whose response is begun and cannot be completed: the client must see that it is cut short. */
  #cut(reason: string, error: string): void {
    this.#dropUpstream();
    this.connection.reset(reason);
    if (this.active) this.finish(error, false);
  }

  #announce(durationMs: number, error: string | undefined): void {
    const { connection } = this;
    const upstreamLatency = this.firstByteAtMs === 0 ? undefined : this.firstByteAtMs - this.sentAtMs;
    this.engine.gate.emit('request-completed', {
      connectionId: connection.id,
      routeName: this.plan === null ? connection.routeName : this.plan.name,
      method: this.method,
      host: this.host,
      path: this.path,
      statusCode: this.statusCode,
      duration: durationMs,
      upstream: this.#target === null ? undefined : this.#target.name,
      upstreamLatency,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      error,
      clientIp: connection.clientIp,
      timestamp: new Date(),
    });
  }
}
