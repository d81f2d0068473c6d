/**
 * One request and its response: route, checks, upstream, and the one place where it ends and is counted.
 *
 * A client connection has one exchange object and uses it for every request.
 *
 * @module
 */
import { planOf } from '../connection/plan.ts';
import type { IChosenTarget, RoutePlan } from '../connection/plan.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import { REASON } from '../connection/reasons.ts';
import { notifyDrain } from '../connection/sockets.ts';
import { startHandler } from '../handler/handler.ts';
import { hasTarget, routeByPolicy } from '../policy/connection.ts';
import { isFinal } from '../policy/verdict.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import { arrivedAtMs } from '../timing/arrival.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { NONE_AVAILABLE } from '../upstream/named-socket.ts';
import { WebSocketWatch } from '../websocket/watch.ts';
import { requestContext } from './context.ts';
import type { Head } from './head.ts';
import { clientFields, dropEdited, editedRequest, plainRequest } from './outgoing.ts';
import type { UpstreamConnection, UpstreamTarget } from './pool.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';
import type { RequestInfo } from './request.ts';
import { freeEnd } from './requestbody.ts';
import { fieldValue } from './rewrite.ts';
import { LocalExchange } from './localexchange.ts';
import type { HttpStage } from './stage.ts';

const BAD_GATEWAY = 502;
const UNAVAILABLE = 503;
const GATEWAY_TIMEOUT = 504;

/** The request that is being matched: matching is over before another can begin, so one look-up serves them all. */
let matchedHead: Head | null = null;
let matchedInfo: RequestInfo | null = null;
const matchedHeader = (name: string): string | undefined => fieldValue(matchedInfo!.text, matchedHead!, name);

export class Exchange extends LocalExchange {
  #repeatable = false;
  #retried = false;
  readonly #clientFields: string;

  constructor(stage: HttpStage) {
    super(stage);
    this.#clientFields = clientFields(this.connection);
  }

  /**
   * Begins with a request whose head ends at `at`; body bytes may follow up to `end`.
   * @returns where the unread bytes begin, or -1 when the stage must stop reading
   */
  begin(head: Head, info: RequestInfo, bytes: Buffer, at: number, end: number): number {
    this.#reset(info, head.minorVersion, head.end - head.start);
    const { connection, engine } = this;
    this.identify(head, info);
    this.body.begin(info);
    this.requestDone = this.body.done;
    const challenge = engine.certificates.challengeResponse(info.path);
    if (challenge !== null) return this.answerChallenge(challenge, bytes, at, end);
    matchedHead = head;
    matchedInfo = info;
    let route = engine.table.matchRequest(
      connection.localPort,
      connection.clientIp,
      connection.isTls,
      info.authority === '' ? undefined : info.authority,
      info.routePath,
      info.method,
      matchedHeader,
      connection.tlsVersion,
    );
    if (engine.policy !== null) {
      const verdict = this.judge(route, head, info);
      if (isFinal(verdict)) return this.conclude(verdict, route, head.start, bytes, at, end);
      route = routeByPolicy(verdict, engine.table) ?? route;
    }
    if (route === null) return this.answer({ status: 404, reason: REFUSALS.noRoute.reason }, bytes, at, end);
    const plan = planOf(engine, route);
    this.plan = plan;
    this.counters = plan.counters;
    if (connection.domain === undefined && info.host !== '') connection.domain = info.host;
    // Another route's handshake, or none, says nothing about who may use this one.
    if (plan.clientAuth !== '' && plan.clientAuth !== connection.clientAuth) {
      return this.answer(REFUSALS.clientAuth, bytes, at, end);
    }
    if (plan.security !== null) {
      const denial = connection.admit(plan.security, info.host, false);
      if (denial !== null) return this.answer(denial, bytes, at, end);
    }
    if (route.config.action.type === 'socket-handler' || route.kind === 'tcp') {
      const verdict = this.admission.check(connection, plan, null, head, info);
      if (verdict instanceof Promise) return this.suspend(verdict, bytes, head.start, end);
      if (verdict !== null) return this.answer(verdict, bytes, at, end);
      return this.#handOver(plan, bytes, head.start, end);
    }
    connection.open(plan.name, plan.counters, connection.isTls ? 'https' : 'http');
    return this.#route(plan, head, info, bytes, at, end);
  }

  /** Begins with a request that could not be understood, so that its refusal is counted like every other. */
  beginRefused(info: RequestInfo | null, head: Head | null): void {
    if (head === null) this.#reset(info, 1, 0);
    else this.#reset(info, head.minorVersion, head.end - head.start);
    this.identifyUnread(info, head);
    this.requestDone = false;
  }

  /** Takes body bytes from the client; see {@link begin} for the result. */
  onRequestBody(bytes: Buffer, at: number, end: number): number {
    const next = this.#consumeBody(bytes, at, end);
    if (next === -1) return -1;
    const { upstream } = this;
    if (!this.requestDone && this.rate.isTooSlow(this.body.bytes, this.engine.wheel.nowMs)) {
      this.stage.refuse(REFUSALS.requestTimeout);
      return -1;
    }
    this.#expectProgress();
    if (upstream === null || !upstream.connected) this.body.hold(bytes);
    else if (!this.body.send(upstream.stream, this.connection.stream, '', bytes, freeEnd(bytes, next, end))) {
      this.#waitForUpstream(upstream);
    }
    return next;
  }

  onUpstreamTurn(upstream: UpstreamConnection | null): void {
    this.waiting = false;
    this.upstream = upstream;
    if (upstream === null) this.#open(this.target!);
    else this.onUpstreamReady(upstream);
  }

  onUpstreamQueueFull(): void {
    this.waiting = false;
    this.#refuseQueued(REFUSALS.targetQueueFull);
  }

  onUpstreamReady(upstream: UpstreamConnection): void {
    this.sentAtMs = performance.now();
    upstream.uses += 1;
    const { stream } = upstream;
    const held = this.body.takeHeld();
    if (held.length === 0) stream.write(this.headText, 'latin1');
    else stream.write(Buffer.concat([Buffer.from(this.headText, 'latin1'), ...held]));
    this.#expectProgress();
    if (this.requestDone) return;
    if (stream.writableNeedDrain) notifyDrain(stream, upstream);
    else this.onUpstreamDrain();
  }

  onUpstreamData(bytes: Buffer, start: number, end: number): void {
    this.relay.onData(bytes, start, end);
  }

  onUpstreamEnd(): void {
    if (!this.relay.onEnd() && this.upstream !== null) this.upstream.stream.destroy();
  }

  onUpstreamDrain(): void {
    this.rate.resume(this.engine.wheel.nowMs);
    this.stage.resumeReading();
  }

  onUpstreamGone(upstream: UpstreamConnection, code: string, error: Error | null): void {
    this.upstream = null;
    if (!this.active) return;
    if (upstream.connected && this.#mayRepeat(upstream)) {
      this.#retried = true;
      upstream.target.counters.retries += 1;
      // Its own place is free, unless others waited for it.
      const policy = this.policy!;
      if (upstream.target.mayOpen(policy.connectionsMax)) this.#open(upstream.target);
      else this.#wait(upstream.target, policy);
      return;
    }
    const status = code === NONE_AVAILABLE ? UNAVAILABLE : BAD_GATEWAY;
    this.failUpstream(upstream.connected ? 'aborted' : code, status, error);
  }

  onDeadline(): void {
    const { upstream, engine } = this;
    if (engine.wheel.nowMs >= this.expiresAtMs) this.failUpstream('exchange-timeout', GATEWAY_TIMEOUT, null);
    else if (this.waiting) this.#refuseQueued(REFUSALS.targetQueueTimeout);
    else if (upstream !== null && !upstream.connected) this.failUpstream('connect-timeout', GATEWAY_TIMEOUT, null);
    else if (!this.requestDone && this.statusCode === 0) this.stage.refuse(REFUSALS.requestTimeout);
    else if (this.statusCode === 0) this.failUpstream('response-timeout', GATEWAY_TIMEOUT, null);
    else this.cut(this.upstreamPaused ? REASON.writeTimeout : REASON.responseTimeout, 'response-timeout');
  }

  /** Leaves the connection to a tunnel between client and upstream, after a 101; `rest` came behind it. */
  tunnel(upstream: UpstreamConnection, rest: Buffer): void {
    this.upstream = null;
    const held = this.stage.leave();
    const tunnel = new Tunnel(this.connection, upstream.target, null);
    if (this.upgrade === 'websocket') {
      tunnel.watch = WebSocketWatch.start(this.connection, this.policy?.webSocket ?? null);
    }
    this.connection.stage = tunnel;
    this.finish(undefined, false);
    tunnel.adopt(upstream);
    if (rest.length > 0) tunnel.onSocketData(upstream.stream, rest, 0, rest.length);
    if (held.length > 0) tunnel.onData(held, 0, held.length);
  }

  #reset(info: RequestInfo | null, minorVersion: number, headBytes: number): void {
    this.active = true;
    this.plan = null;
    this.policy = null;
    this.target = null;
    this.counters = this.connection.counters;
    this.method = info === null ? '' : info.method;
    this.host = info === null ? '' : info.host;
    this.path = info === null ? '' : info.path;
    this.isHead = this.method === 'HEAD';
    this.clientMinor = minorVersion;
    this.keepAlive = info !== null && info.keepAlive;
    this.upgrade = info === null ? '' : info.upgrade;
    this.statusCode = 0;
    this.bytesIn = headBytes;
    this.bytesOut = 0;
    this.startedAtMs = arrivedAtMs();
    this.sentAtMs = 0;
    this.firstByteAtMs = 0;
    this.#repeatable = info !== null && info.repeatable;
    this.#retried = false;
    this.expiresAtMs = Infinity;
    if (!this.judged) this.verdict = null;
    this.relay.reset();
  }

  /** Chooses the target, asks the checks, forwards. */
  #route(plan: RoutePlan, head: Head, info: RequestInfo, bytes: Buffer, at: number, end: number): number {
    let chosen: IChosenTarget | null;
    try {
      chosen = plan.isFixed ? plan.fixed() : this.#choose(plan, head, info);
      const { verdict } = this;
      if (hasTarget(verdict)) chosen = plan.at(this.connection, chosen, verdict.host, verdict.port);
    } catch {
      return this.answer({ status: BAD_GATEWAY, reason: 'no-target' }, bytes, at, end);
    }
    if (chosen === null) return this.answer({ status: UNAVAILABLE, reason: NONE_AVAILABLE }, bytes, at, end);
    const { policy } = chosen;
    const verdict =
      policy.checks || plan.checks ? this.admission.check(this.connection, plan, policy, head, info) : null;
    if (verdict instanceof Promise) return this.suspend(verdict, bytes, head.start, end);
    if (verdict !== null) return this.answer(verdict, bytes, at, end);
    this.policy = policy;
    policy.enter();
    const { timeout, maxRequestBodyBytes } = policy.advanced;
    if (timeout !== undefined) this.expiresAtMs = this.engine.wheel.nowMs + timeout;
    if (!this.body.limit(maxRequestBodyBytes, info.contentLength)) {
      this.stage.refuse(REFUSALS.bodyTooLarge);
      return -1;
    }
    return this.#forward(chosen, plan, head, info, bytes, at, end);
  }

  /** Apart, so that requests of routes with one target make no functions that could be asked about them. */
  #choose(plan: RoutePlan, head: Head, info: RequestInfo): IChosenTarget | null {
    const header = (name: string): string | undefined => fieldValue(info.text, head, name);
    const facts = { method: info.method, path: info.routePath, header };
    return plan.choose(this.connection, facts, () => requestContext(this.connection, plan, head, info));
  }

  #forward(
    chosen: IChosenTarget,
    plan: RoutePlan,
    head: Head,
    info: RequestInfo,
    bytes: Buffer,
    at: number,
    end: number,
  ): number {
    const { connection } = this;
    const { policy } = chosen;
    const target = this.stage.targetOf(chosen);
    this.target = target;
    target.counters.requests += 1;
    if (policy.cors !== null) this.origin = fieldValue(info.text, head, 'origin');
    if (policy.responseEdits?.fixedLines === null) {
      this.requestFacts = requestContext(connection, plan, head, info, target);
    }
    const edits = this.verdict === null ? null : this.verdict.requestHeaders;
    if (edits !== null) dropEdited(head, info.drop, (from, to) => edits.drops(info.text, from, to), info);
    const ours = this.#clientFields + this.idLine;
    const fields = edits === null || !policy.plain ? ours : edits.appendTo(ours);
    this.headText = policy.plain
      ? plainRequest(info, head, fields, target.authority)
      : this.#edited(plan, policy, target, head, info);
    let next = at;
    if (!this.requestDone) {
      this.rate.begin(this.engine.wheel.nowMs);
      next = this.#consumeBody(bytes, at, end);
      if (next === -1) return -1;
    }
    const mustWait = policy.connectionsMax !== Infinity && !target.hasRoom(policy.connectionsMax);
    const upstream = mustWait ? null : target.take(this);
    this.upstream = upstream;
    if (upstream === null) {
      if (next > at) this.body.hold(bytes);
      this.#pauseClient();
      if (mustWait) this.#wait(target, policy);
      else this.#open(target);
      return next;
    }
    upstream.uses += 1;
    this.sentAtMs = this.startedAtMs;
    this.#expectProgress();
    if (next === at) upstream.stream.write(this.headText, 'latin1');
    else if (!this.body.send(upstream.stream, connection.stream, this.headText, bytes, freeEnd(bytes, next, end))) {
      this.#waitForUpstream(upstream);
    }
    return next;
  }

  /** Apart, so that requests without edits make no function that could be asked for their context. */
  #edited(plan: RoutePlan, policy: TargetPolicy, target: UpstreamTarget, head: Head, info: RequestInfo): string {
    const context = (): IRouteContext => requestContext(this.connection, plan, head, info, target);
    const edits = this.verdict === null ? null : this.verdict.requestHeaders;
    return editedRequest(info, head, this, policy, target.authority, context, edits);
  }

  #open(target: UpstreamTarget): void {
    this.arm(this.engine.settings.connectMs);
    this.upstream = target.open(this);
  }

  /** The target has its maximum of connections. */
  #wait(target: UpstreamTarget, policy: TargetPolicy): void {
    this.waiting = target.wait(this, policy.queueMax);
    if (this.waiting) this.arm(policy.queueMs);
    else this.#refuseQueued(REFUSALS.targetQueueFull);
  }

  /** The target is busy, which is no fault of the client or the request: the connection may go on. */
  #refuseQueued({ reason, status }: IRefusal): void {
    this.dropUpstream();
    this.body.takeHeld();
    this.engine.recorder.reject(reason, this.counters);
    this.respond({ status }, reason);
  }

  /** Reads body bytes, or refuses them and gives -1. */
  #consumeBody(bytes: Buffer, at: number, end: number): number {
    const next = this.body.consume(bytes, at, end);
    if (next === -1) {
      this.stage.refuse(this.body.refusal);
      return -1;
    }
    this.bytesIn += next - at;
    this.requestDone = this.body.done;
    return next;
  }

  /** The rest of the request waits for the target. */
  #pauseClient(): void {
    if (this.requestDone) return;
    this.rate.pause(this.engine.wheel.nowMs);
    this.stage.pauseReading();
  }

  #expectProgress(): void {
    this.arm(this.requestDone ? this.engine.settings.responseMs : this.engine.settings.bodyMs);
  }

  #waitForUpstream(upstream: UpstreamConnection): void {
    if (this.requestDone) return;
    this.#pauseClient();
    notifyDrain(upstream.stream, upstream);
  }

  /** A pooled connection may have been closed by the target just as we used it: RFC 9112 §9.3.1. */
  #mayRepeat(upstream: UpstreamConnection): boolean {
    return this.#repeatable && !this.#retried && upstream.uses > 1 && !this.relay.begun && this.statusCode === 0;
  }

  /** Gives the connection to a socket handler or tunnel, as if nothing had been read. */
  #handOver(plan: RoutePlan, bytes: Buffer, start: number, end: number): number {
    this.active = false;
    this.requestDone = true;
    const held = Buffer.from(bytes.subarray(start, end));
    this.stage.leave();
    startHandler(this.connection, plan, held);
    return -1;
  }
}
