/**
 * The checks of one request, which may have to wait: the request is then read again from its head, and goes on behind
 * the check that it has passed.
 *
 * @module
 */
import type { Connection } from '../connection/connection.ts';
import type { RoutePlan } from '../connection/plan.ts';
import type { TargetPolicy } from '../connection/policy.ts';
import { answerLocally, checkAccess, type IAnswer, type TVerdict } from './checks.ts';
import type { Head } from './head.ts';
import type { RequestInfo } from './request.ts';

/** How far a request has come. */
const NOTHING = 0;
const ACCESS = 1;
const ALL = 2;

export class Admission {
  #passed = NOTHING;
  #waitsFor = NOTHING;
  #refusal: IAnswer | null = null;
  /** What was passed was passed on this route; an update in the meantime may have made it another one. */
  #plan: RoutePlan | null = null;

  /** Asks what was not passed yet. After a promise {@link settle} must be called, and then this again. */
  check(connection: Connection, plan: RoutePlan, policy: TargetPolicy | null, head: Head, info: RequestInfo): TVerdict {
    if (this.#plan !== plan) this.#forget();
    const refusal = this.#refusal;
    const passed = this.#passed;
    this.#forget();
    if (refusal !== null) return refusal;
    const localChecks = policy !== null && policy.checks;
    if (passed < ACCESS && (plan.checks || localChecks)) {
      const access = checkAccess(connection, plan, policy, head, info);
      if (access !== null) return this.#wait(access, ACCESS, plan);
    }
    if (passed < ALL && localChecks) {
      const answer = answerLocally(connection, plan, policy, head, info);
      if (answer !== null) return this.#wait(answer, ALL, plan);
    }
    return null;
  }

  /** What the promise of {@link check} said. */
  settle(answer: IAnswer | null): void {
    this.#refusal = answer;
    this.#passed = this.#waitsFor;
  }

  #wait(verdict: IAnswer | Promise<IAnswer | null>, stage: number, plan: RoutePlan): TVerdict {
    if (verdict instanceof Promise) {
      this.#waitsFor = stage;
      this.#plan = plan;
    }
    return verdict;
  }

  #forget(): void {
    this.#passed = NOTHING;
    this.#refusal = null;
    this.#plan = null;
  }
}
