/**
 * A policy's word on a connection, before it has a route.
 *
 * @module
 */
import type { Connection, IStage } from '../connection/connection.ts';
import { REASON } from '../connection/reasons.ts';
import type { IPolicyVerdict } from '../interfaces/policy.ts';
import { limits } from '../limits/limits.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import type { RouteTable } from '../route/table.ts';

/** Counted where a policy wants to hold a client and as many are held as may be: refused at once. */
export const HOLDS_FULL = 'rule-tarpit-full';

/** Refuses a connection for a reason, in the way of its protocol. */
export type TRefuse = (reason: string) => void;

/**
 * Asks the policy. A refusal is carried out, now or after its delay, through `refuse`.
 *
 * @returns whether the connection goes on; {@link Connection.verdict} then says how
 */
export function admitByPolicy(connection: Connection, protocol: 'tcp' | 'tls' | 'http', refuse: TRefuse): boolean {
  const { engine } = connection;
  const verdict = engine.policy?.connection?.(connection, protocol) ?? null;
  connection.verdict = verdict;
  if (verdict === null || verdict.action !== 'deny') return true;
  if (verdict.delayMs === 0) refuse(verdict.reason);
  else if (engine.held >= limits.policyHolds) refuse(HOLDS_FULL);
  else {
    const stage = new HoldStage(connection, () => refuse(verdict.reason));
    connection.stage = stage;
    stage.start(verdict.delayMs);
  }
  return false;
}

/** The route that a verdict names; null when it names none, or one that is not there (any more): the match counts then. */
export function routeByPolicy(verdict: IPolicyVerdict | null, table: RouteTable): ICompiledRoute | null {
  if (verdict === null || verdict.action !== 'route') return null;
  return table.get(verdict.routeName) ?? null;
}

/** Whether a verdict names another target. */
export function hasTarget(verdict: IPolicyVerdict | null): verdict is IPolicyVerdict & { action: 'target' } {
  return verdict !== null && verdict.action === 'target';
}

/** Keeps a client waiting, then refuses it. It is read from, so that we see when it leaves; what it says is passed over. */
class HoldStage implements IStage {
  readonly #connection: Connection;
  readonly #refuse: () => void;
  #holding = false;

  constructor(connection: Connection, refuse: () => void) {
    this.#connection = connection;
    this.#refuse = refuse;
  }

  start(delayMs: number): void {
    this.#holding = true;
    this.#connection.engine.held += 1;
    this.#connection.expireIn(delayMs);
  }

  onData(): void {
    // It will be refused whatever it says.
  }

  onEnd(): void {
    this.#connection.close(REASON.clientClosed);
  }

  onDrain(): void {
    // Nothing is written while it waits.
  }

  onGone(): void {
    this.#release();
  }

  onDeadline(): void {
    this.#release();
    this.#refuse();
  }

  onStop(): void {
    this.#connection.close(REASON.shutdown);
  }

  #release(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.#connection.engine.held -= 1;
  }
}
