/**
 * What load balancers and supervisors ask: whether to send traffic, and whether the process still turns.
 *
 * @module
 */
import { processLimits } from './limits.ts';

/**
 * `starting`: listeners open. `ready`: all do. `draining`: still listening, but traffic should go elsewhere. `stopping`:
 * listeners closed, what began is finished. `stopped`: nothing is open.
 */
export type TLifeState = 'stopped' | 'starting' | 'ready' | 'draining' | 'stopping';

export interface ILiveness {
  readonly live: boolean;
  /** Milliseconds that one turn of the event loop took, or `loopTurnMs` when it took longer. */
  readonly turnMs: number;
}

export class Readiness {
  #state: TLifeState = 'stopped';
  readonly #changed = new Set<(state: TLifeState) => void>();

  get state(): TLifeState {
    return this.#state;
  }

  /** The answer of `/readyz`. */
  get ready(): boolean {
    return this.#state === 'ready';
  }

  set(state: TLifeState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#changed) listener(state);
  }

  onChange(listener: (state: TLifeState) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  /** The answer of `/livez`: whether the event loop makes a whole turn, timers included, in time. */
  async liveness(turnMsMax: number = processLimits.loopTurnMs): Promise<ILiveness> {
    const beganMs = performance.now();
    await new Promise<void>((resolve) => {
      setTimeout(() => setImmediate(resolve), 0);
    });
    const turnMs = performance.now() - beganMs;
    return { live: turnMs < turnMsMax, turnMs: Math.min(turnMs, turnMsMax) };
  }
}
