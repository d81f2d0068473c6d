/**
 * The state of one address: it turns only after several results in a row.
 *
 * @module
 */
import type { IProbeStatus, THealthState } from './types.ts';

export class ProbeState {
  readonly target: string;
  state: THealthState = 'unknown';
  reason: string | null = null;
  #streak = 0;
  #durationMs = 0;

  constructor(target: string) {
    this.target = target;
  }

  record(fault: string | null, durationMs: number, rise: number, fall: number): void {
    this.#streak = fault === null ? Math.max(0, this.#streak) + 1 : Math.min(0, this.#streak) - 1;
    this.#durationMs = durationMs;
    this.reason = fault;
    if (this.#streak >= rise) this.state = 'up';
    else if (this.#streak <= -fall) this.state = 'down';
  }

  status(): IProbeStatus {
    const { target, state, reason } = this;
    return { target, state, reason, streak: this.#streak, durationMs: this.#durationMs };
  }
}

/** Of several: down when all are, up when one is. */
export function stateOfAll(states: Iterable<{ readonly state: THealthState }>): THealthState {
  let down = 0;
  let all = 0;
  for (const { state } of states) {
    if (state === 'up') return 'up';
    if (state === 'down') down += 1;
    all += 1;
  }
  return all > 0 && down === all ? 'down' : 'unknown';
}
