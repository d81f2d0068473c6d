/**
 * The first bytes of a connection decide what it is: TLS, HTTP or something else.
 *
 * @module
 */
import type { Connection, IStage } from '../connection/connection.ts';
import { refuseClaims } from '../accept/claimstage.ts';
import { planOf } from '../connection/plan.ts';
import { REASON } from '../connection/reasons.ts';
import { startHandler } from '../handler/handler.ts';
import { HttpStage } from '../http/stage.ts';
import { admitByPolicy, routeByPolicy } from '../policy/connection.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import type { RouteCounters } from '../stats/counters.ts';
import { asksForChallenge, startChallenge } from '../tls/challenge.ts';
import { startTls } from '../tls/terminate.ts';
import { looksLikeTls, readClientHello } from './clienthello.ts';
import type { IClientHello } from './clienthello.ts';
import { beginsRequest } from './firstline.ts';

/** RFC 8446 §6.2 unrecognized_name (112) as a fatal alert record of TLS 1.2, which every client reads. */
const ALERT_UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** access_denied (49). */
const ALERT_ACCESS_DENIED = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

/** What the routes of the port may be. */
export interface IPortNeeds {
  readonly tls: boolean;
  readonly http: boolean;
  readonly raw: boolean;
}

export class SniffStage implements IStage {
  readonly #connection: Connection;
  readonly #needs: IPortNeeds;
  readonly #isStranger: boolean;
  #held: Buffer | null = null;

  /** @param isStranger a PROXY header from it is to be refused */
  constructor(connection: Connection, needs: IPortNeeds, isStranger: boolean) {
    this.#connection = connection;
    this.#needs = needs;
    this.#isStranger = isStranger;
  }

  start(): void {
    this.#connection.expireIn(this.#connection.engine.settings.initialDataMs);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#held !== null) {
      const all = Buffer.concat([this.#held, bytes.subarray(start, end)]);
      this.#held = null;
      this.#decide(all, 0, all.length);
      return;
    }
    this.#decide(bytes, start, end);
  }

  onEnd(): void {
    const held = this.#held;
    if (held === null || !this.#needs.raw || (this.#needs.tls && looksLikeTls(held[0]!))) {
      this.#connection.close(REASON.clientClosed);
      return;
    }
    // Too little to be a request, and no more will come.
    this.#startRaw(held, 0, held.length);
    this.#connection.stage?.onEnd();
  }

  onDrain(): void {
    // Nothing is written before the decision.
  }

  onGone(): void {
    this.#held = null;
  }

  onDeadline(): void {
    this.#connection.reject(REASON.initialTimeout);
  }

  onStop(): void {
    this.#connection.close(REASON.shutdown);
  }

  #decide(bytes: Buffer, start: number, end: number): void {
    const { tls, http, raw } = this.#needs;
    const isHttp = http && (!raw || beginsRequest(bytes, start, end));
    if (looksLikeTls(bytes[start]!) && tls) this.#decideTls(bytes, start, end);
    else if (isHttp === null) this.#held = Buffer.from(bytes.subarray(start, end));
    else if (isHttp) this.#startHttp(bytes, start, end);
    else if (raw) this.#startRaw(bytes, start, end);
    else this.#connection.reject('not-tls');
  }

  #decideTls(bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    const hello = readClientHello(bytes, start, end);
    if (hello === 'incomplete') {
      this.#held = Buffer.from(bytes.subarray(start, end));
      return;
    }
    if (hello === 'malformed') {
      this.#refuseTls('bad-client-hello');
      return;
    }
    connection.domain = hello.sni;
    if (asksForChallenge(hello.alpn)) {
      const context = connection.engine.certificates.alpnContext(hello.sni ?? '');
      if (context !== null) {
        startChallenge(connection, context, Buffer.from(bytes.subarray(start, end)));
        return;
      }
    }
    const { localPort, clientIp, engine } = connection;
    if (hello.resumes && hello.sni === undefined && !engine.settings.namelessResumption) {
      this.#refuseTls('resumption-without-sni');
      return;
    }
    if (engine.policy !== null) {
      connection.tlsVersion = hello.version;
      if (!admitByPolicy(connection, 'tls', (reason) => this.#refuseTls(reason, ALERT_ACCESS_DENIED))) return;
    }
    const route =
      routeByPolicy(connection.verdict, engine.table) ??
      engine.table.matchConnection(localPort, clientIp, true, hello.sni, hello.version);
    if (route === null) {
      this.#refuseTls(hello.sni === undefined ? 'no-sni' : 'no-route');
      return;
    }
    this.#startTlsRoute(route, hello, Buffer.from(bytes.subarray(start, end)));
  }

  #startTlsRoute(route: ICompiledRoute, hello: IClientHello, held: Buffer): void {
    const connection = this.#connection;
    const plan = planOf(connection.engine, route);
    // Requests may go to other routes of the same name than the one whose certificate is shown: each is admitted apart.
    const decides = plan.security !== null && plan.route.kind !== 'http';
    const denial = decides ? connection.admit(plan.security!, hello.sni, true) : null;
    if (denial !== null) {
      connection.routeName = plan.name;
      this.#refuseTls(denial.reason, ALERT_ACCESS_DENIED, plan.counters);
      return;
    }
    if (route.tlsMode === 'terminate' || route.tlsMode === 'terminate-and-reencrypt') {
      startTls(connection, plan, hello, held);
      return;
    }
    connection.tlsVersion = hello.version;
    startHandler(connection, plan, held, true);
  }

  /** Tells the client why, as TLS does, and counts it. */
  #refuseTls(reason: string, alert = ALERT_UNRECOGNIZED_NAME, counters: RouteCounters | null = null): void {
    const { engine } = this.#connection;
    engine.recorder.tls.failures.add(reason);
    this.#connection.raw.write(alert);
    const { clientIp, domain } = this.#connection;
    if (engine.gate.tlsError) {
      engine.gate.emit('tls-error', { clientIp, sni: domain, reason, timestamp: new Date() });
    }
    engine.recorder.reject(reason, counters ?? engine.recorder.unrouted);
    this.#connection.announceRejected(reason);
    this.#connection.close(reason);
  }

  #admit(protocol: 'http' | 'tcp'): boolean {
    const connection = this.#connection;
    return (
      connection.engine.policy === null || admitByPolicy(connection, protocol, (reason) => connection.reject(reason))
    );
  }

  #startHttp(bytes: Buffer, start: number, end: number): void {
    if (!this.#admit('http')) return;
    const stage = new HttpStage(this.#connection);
    this.#connection.stage = stage;
    stage.onData(bytes, start, end);
  }

  #startRaw(bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    const { engine, localPort, clientIp } = connection;
    if (!this.#admit('tcp')) return;
    const route =
      routeByPolicy(connection.verdict, engine.table) ??
      engine.table.matchConnection(localPort, clientIp, false, undefined, undefined);
    if (route === null) {
      connection.reject('no-route');
      return;
    }
    const held = Buffer.from(bytes.subarray(start, end));
    startHandler(connection, planOf(engine, route), this.#isStranger ? null : held);
    if (!this.#isStranger) return;
    refuseClaims(connection);
    connection.stage?.onData(held, 0, held.length);
  }
}
