/**
 * The state of an exchange and the ways in which it ends; what begins and feeds it is in `exchange.ts`.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import type { IEngine } from '../connection/engine.ts';
import type { RoutePlan } from '../connection/plan.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import { REASON } from '../connection/reasons.ts';
import { notifyDrain, pauseStream, resumeStream } from '../connection/sockets.ts';
import { connectionContext } from '../handler/handler.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import type { IPolicyVerdict } from '../interfaces/policy.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import { judgeRequest } from '../policy/request.ts';
import type { RouteCounters } from '../stats/counters.ts';
import { responseText } from './errorpage.ts';
import type { ILocalResponse } from './errorpage.ts';
import { announceRequest } from './events.ts';
import { HeadFacts } from './headfacts.ts';
import { BodyRate } from './bodyrate.ts';
import type { IWaitingUser, UpstreamConnection, UpstreamTarget } from './pool.ts';
import type { Head } from './head.ts';
import type { IRefusal } from './refusals.ts';
import type { ITrailerFilter } from './requestbody.ts';
import type { RequestInfo } from './request.ts';
import { ResponseRelay } from './responserelay.ts';
import type { HttpStage } from './stage.ts';

const MS_PER_SECOND = 1_000;
const STATUS_PER_CLASS = 100;
const ERROR_MIN = 400;

/** One request and its response, from the moment it is under way. */
export abstract class ExchangeState implements IWaitingUser, ITrailerFilter {
  readonly stage: HttpStage;
  readonly connection: Connection;
  readonly engine: IEngine;
  readonly relay: ResponseRelay;
  active = false;
  /** The whole request was read from the client. */
  requestDone = true;
  counters: RouteCounters;
  plan: RoutePlan | null = null;
  policy: TargetPolicy | null = null;
  target: UpstreamTarget | null = null;
  /** What the policy said about the request. */
  verdict: IPolicyVerdict | null = null;
  /** The request was judged, and is read again. */
  protected judged = false;
  upstream: UpstreamConnection | null = null;
  method = '';
  host = '';
  path = '';
  origin: string | undefined = undefined;
  isHead = false;
  /** HTTP/1.0 clients know neither chunked nor interim responses. */
  clientMinor = 1;
  keepAlive = true;
  /** Id of the request and the line that tells it, with CRLF; '' while requests are not named. */
  requestId = '';
  idLine = '';
  /** What the event of its end tells of the head. */
  readonly facts = new HeadFacts();
  /** Protocol that the client asks to upgrade to, '' for none. */
  upgrade = '';
  statusCode = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Monotonic ms when the head was complete, when the request was handed on, and of the first response byte. */
  startedAtMs = 0;
  sentAtMs = 0;
  firstByteAtMs = 0;
  /** How fast the request's body comes. */
  readonly rate = new BodyRate();
  /** The head as forwarded; kept until a response arrives, for the case that it must be sent again. */
  protected headText = '';
  protected upstreamPaused = false;
  /** Waits for a connection to a target that has its maximum. */
  protected waiting = false;
  /** The request as variables in response edits want it, long after its head was read; null where there are none. */
  protected requestFacts: IRouteContext | null = null;
  /** Why we cut the exchange off. */
  protected cutError: string | undefined = undefined;
  /** Wheel time at which the whole exchange must be over, Infinity for none. */
  protected expiresAtMs = Infinity;

  constructor(stage: HttpStage) {
    this.stage = stage;
    this.connection = stage.connection;
    this.engine = stage.connection.engine;
    this.counters = this.connection.counters;
    this.relay = new ResponseRelay(this);
  }

  get connectionsMax(): number {
    return this.policy === null ? Infinity : this.policy.connectionsMax;
  }

  abstract onUpstreamTurn(upstream: UpstreamConnection | null): void;
  abstract onUpstreamQueueFull(): void;
  abstract onUpstreamReady(upstream: UpstreamConnection): void;
  abstract onUpstreamData(bytes: Buffer, start: number, end: number): void;
  abstract onUpstreamEnd(): void;
  abstract onUpstreamDrain(): void;
  abstract onUpstreamGone(upstream: UpstreamConnection, code: string, error: Error | null): void;
  /** Leaves the connection to a tunnel, after a 101; `rest` came with it. */
  abstract tunnel(upstream: UpstreamConnection, rest: Buffer): void;

  onClientDrain(): void {
    if (!this.upstreamPaused || this.upstream === null) return;
    this.upstreamPaused = false;
    resumeStream(this.upstream.stream);
  }

  /** The client is gone. */
  abort(): void {
    if (!this.active) return;
    this.dropUpstream();
    this.finish(this.cutError ?? 'client-gone', false);
  }

  /** The client's stream takes no more for now: stop reading the response. */
  pauseUpstream(): void {
    if (this.upstream === null) return;
    this.upstreamPaused = true;
    pauseStream(this.upstream.stream);
    notifyDrain(this.connection.stream, this.connection);
  }

  /** Body bytes of the response moved: the deadline starts anew. */
  touch(): void {
    this.arm(this.engine.settings.bodyMs);
  }

  /** The target failed; answers with `status` if nothing was answered yet, cuts the connection otherwise. */
  failUpstream(reason: string, status: number, error: Error | null): void {
    const { gate } = this.engine;
    const { target } = this;
    if (target !== null) {
      target.counters.failures.add(reason);
      if (gate.upstreamError) {
        const event = { target: target.name, routeName: this.plan?.name ?? '', reason, timestamp: new Date() };
        gate.emit('upstream-error', error === null ? event : { ...event, error: error.message });
      }
    }
    this.dropUpstream();
    if (this.statusCode !== 0) this.cut(REASON.upstreamError, reason);
    else this.respond({ status }, reason);
  }

  /** Answers without a target. */
  respond(response: ILocalResponse, error?: string): void {
    const keep = this.keepAlive && this.requestDone && !this.engine.draining && this.connection.isOpen;
    const persistence = keep ? (this.clientMinor === 0 ? 'Connection: keep-alive\r\n' : '') : 'Connection: close\r\n';
    const id = response.hasId === true ? '' : this.idLine;
    const edits = this.verdict === null ? null : this.verdict.responseHeaders;
    const text = responseText(this.#withPage(response), this.isHead, id + persistence, edits);
    this.statusCode = response.status;
    this.bytesOut += text.length;
    this.connection.stream.write(text, 'latin1');
    if (!keep) this.#endBehind(error === undefined || this.connection.isOpen ? REASON.completed : REASON.refused);
    this.finish(error, keep);
  }

  /** This answer is the last one. */
  #endBehind(reason: string): void {
    const { connection } = this;
    if (!this.requestDone) this.stage.linger(reason);
    else if (connection.reason === '') connection.reason = reason;
  }

  /** Answers a refused request and ends the connection. */
  refuse(refusal: IRefusal): void {
    this.dropUpstream();
    this.keepAlive = false;
    this.requestDone = false;
    if (this.statusCode === 0) {
      this.connection.reason = REASON.refused;
      this.respond({ status: refusal.status, lines: refusal.lines }, refusal.reason);
    } else this.cut(REASON.refused, refusal.reason);
  }

  /** The response is complete: `reusable` tells whether the upstream connection may serve another exchange. */
  complete(reusable: boolean, keepAlive: boolean): void {
    const { upstream } = this;
    this.upstream = null;
    if (upstream !== null) {
      if (this.upstreamPaused) resumeStream(upstream.stream);
      this.upstreamPaused = false;
      if (reusable && this.requestDone && this.policy?.advanced.keepAlive !== false) upstream.target.release(upstream);
      else {
        upstream.user = null;
        upstream.stream.destroySoon();
      }
    }
    // A target may answer before it has the whole request: the rest is read and thrown away for a while.
    const early = !this.requestDone;
    if (early) this.stage.linger(REASON.completed);
    this.finish(undefined, keepAlive && !early);
  }

  /** Counts the exchange and gives the connection back to the stage. The one end of every exchange. */
  finish(error: string | undefined, keepAlive: boolean): void {
    this.active = false;
    this.requestDone = true;
    this.headText = '';
    this.requestFacts = null;
    this.judged = false;
    if (this.policy !== null) this.policy.leave();
    const { counters, connection } = this;
    if (this.statusCode !== 0) counters.statusClasses[Math.floor(this.statusCode / STATUS_PER_CLASS)]! += 1;
    // Without a route this was a refused connection, not an exchange: only the answer is counted.
    if (connection.isOpen) {
      const { recorder, gate } = this.engine;
      // The clock costs as much as all the counting here, so a response that came in one read is timed once.
      const nowMs = this.relay.isFirstRead ? this.firstByteAtMs : performance.now();
      counters.requests += 1;
      counters.latency.observe((nowMs - this.startedAtMs) / MS_PER_SECOND);
      recorder.requests += 1;
      recorder.requestRate.add(1, nowMs);
      connection.requests += 1;
      if (gate.request) announceRequest(this, 'request-completed', nowMs - this.startedAtMs, error);
    } else if (this.engine.gate.refused && this.statusCode !== 0) {
      announceRequest(this, 'request-refused', performance.now() - this.startedAtMs, error);
    }
    this.policy = null;
    this.stage.onExchangeDone(keepAlive);
  }

  /** Names the request where that is wanted, and keeps what its event will tell. */
  protected identify(head: Head, info: RequestInfo): void {
    const { requestIds, gate } = this.engine;
    if (requestIds !== null) requestIds.begin(this, head, info);
    if (gate.request || gate.refused) this.facts.read(head, info);
  }

  /** The same for a request whose head could not be read. */
  protected identifyUnread(info: RequestInfo | null, head: Head | null): void {
    this.engine.requestIds?.beginUnread(this);
    if (info === null || head === null) this.facts.clear();
    else if (this.engine.gate.refused || this.engine.gate.request) this.facts.read(head, info);
  }

  /** What variables in response edits are filled in from. */
  context(): IRouteContext {
    return this.requestFacts ?? connectionContext(this.connection, this.plan!);
  }

  /** What the proxy says of a client stands in the head; a field of that name behind the body would be the client's. */
  dropsTrailer(name: string): boolean {
    const { policy, verdict } = this;
    return (
      policy?.requestEdits?.names.includes(name) === true ||
      policy?.subjectHeader === name ||
      verdict?.requestHeaders?.names.includes(name) === true ||
      this.engine.requestIds?.isHeader(name, 0, name.length) === true
    );
  }

  /** The route's own page for an error, where it has one; refusals come before a target is chosen. */
  #withPage(response: ILocalResponse): ILocalResponse {
    if (response.status < ERROR_MIN) return response;
    const settings = this.policy === null ? this.plan?.route.config.action.advanced : this.policy.advanced;
    const page = settings?.errorPages?.[String(response.status)];
    return page === undefined || response.body !== undefined ? response : { ...response, ...page };
  }

  /** Asks the policy, once per request however often it is read. */
  protected judge(route: ICompiledRoute | null, head: Head, info: RequestInfo): IPolicyVerdict | null {
    if (!this.judged) this.verdict = judgeRequest(this.connection, route === null ? '' : route.name, head, info);
    return this.verdict;
  }

  protected dropUpstream(): void {
    const { upstream } = this;
    this.upstream = null;
    this.upstreamPaused = false;
    if (this.waiting) {
      this.waiting = false;
      this.target?.leave(this);
    }
    if (upstream === null) return;
    upstream.user = null;
    upstream.stream.destroy();
  }

  /** Ends an exchange whose response is begun and cannot be completed: the client must see that it is cut short. */
  protected cut(reason: string, error: string): void {
    this.dropUpstream();
    // The reset ends the connection, which ends the exchange through `abort`.
    this.cutError = error;
    this.connection.reset(reason);
    if (this.active) this.finish(error, false);
  }

  protected arm(delayMs: number): void {
    const { wheel } = this.engine;
    this.connection.expireIn(Math.min(delayMs, Math.max(0, this.expiresAtMs - wheel.nowMs)));
  }
}
