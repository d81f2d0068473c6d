/**
 * Exchanges that end here or wait here: answers of the proxy itself, refusals, checks that take their time.
 *
 * @module
 */
import { planOf } from '../connection/plan.ts';
import type { IPolicyVerdict } from '../interfaces/policy.ts';
import { CHALLENGES } from '../interfaces/stats.ts';
import { limits } from '../limits/limits.ts';
import { HOLDS_FULL } from '../policy/connection.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import { Admission } from './admission.ts';
import type { IAnswer } from './checks.ts';
import { ExchangeState } from './exchangestate.ts';
import { REFUSALS } from './refusals.ts';
import { RequestBody } from './requestbody.ts';

export abstract class LocalExchange extends ExchangeState {
  protected readonly body = new RequestBody(this);
  protected readonly admission = new Admission();

  /** Answers here: a refusal when it has a reason. The body that is there already is passed over. */
  protected answer(answer: IAnswer, bytes: Buffer, at: number, end: number): number {
    const { connection, engine } = this;
    if (answer.reason !== undefined) {
      engine.recorder.reject(answer.reason, this.plan === null ? connection.counters : this.counters);
      if (!connection.isOpen) {
        connection.routeName = this.plan?.name ?? '';
        connection.announceRejected(answer.reason);
      }
    }
    const next = this.requestDone ? at : this.body.consume(bytes, at, end);
    this.requestDone = next !== -1 && this.body.done;
    this.respond(answer, answer.reason);
    return next;
  }

  /** http-01 (RFC 8555 §8.3) goes before all routes, on every port that speaks HTTP. */
  protected answerChallenge(body: string, bytes: Buffer, at: number, end: number): number {
    const { connection, engine } = this;
    connection.open(CHALLENGES, engine.recorder.route(CHALLENGES), connection.isTls ? 'https' : 'http');
    this.counters = connection.counters;
    return this.answer({ status: 200, body, headers: { 'Content-Type': 'application/octet-stream' } }, bytes, at, end);
  }

  /** Answers or refuses as the policy says, after the time that it wants. */
  protected conclude(
    verdict: IPolicyVerdict,
    route: ICompiledRoute | null,
    start: number,
    bytes: Buffer,
    at: number,
    end: number,
  ): number {
    const { connection, engine } = this;
    const isHeld = this.judged;
    const isFull = verdict.delayMs > 0 && !isHeld && engine.held >= limits.policyHolds;
    if (verdict.delayMs > 0 && !isHeld && !isFull) return this.#hold(bytes, start, end, verdict.delayMs);
    if (route !== null) {
      this.plan = planOf(engine, route);
      this.counters = this.plan.counters;
    }
    const { status, headers, body } = verdict;
    // What came while it was held is gone.
    if (isHeld && verdict.delayMs > 0) this.keepAlive = false;
    if (verdict.action === 'deny') {
      return this.answer({ status, headers, body, reason: isFull ? HOLDS_FULL : verdict.reason }, bytes, at, end);
    }
    if (route === null) return this.answer({ status, headers, body, reason: REFUSALS.noRoute.reason }, bytes, at, end);
    connection.open(route.name, this.counters, connection.isTls ? 'https' : 'http');
    return this.answer({ status, headers, body }, bytes, at, end);
  }

  #hold(bytes: Buffer, start: number, end: number, delayMs: number): number {
    this.active = false;
    this.requestDone = true;
    this.judged = true;
    this.stage.hold(bytes, start, end, delayMs);
    return -1;
  }

  /** A check must wait: the request is read again from its head when the verdict is there. */
  protected suspend(verdict: Promise<IAnswer | null>, bytes: Buffer, start: number, end: number): number {
    this.active = false;
    this.requestDone = true;
    this.judged = true;
    this.stage.suspend(bytes, start, end);
    verdict.then(
      (answer) => this.#resume(answer),
      () => this.#resume({ status: 500, reason: 'check-failed' }),
    );
    return -1;
  }

  #resume(answer: IAnswer | null): void {
    this.admission.settle(answer);
    this.stage.resumeSuspended();
  }
}
