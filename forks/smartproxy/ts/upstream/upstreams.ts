/**
 * What is said about targets while the proxy runs, and everything that follows from it.
 *
 * @module
 */
import type { IEngine } from '../connection/engine.ts';
import type { IUpstreamChange, IUpstreamState } from '../interfaces/upstreams.ts';
import type { TargetControl } from './states.ts';

/** Hands a target's state on to other processes. */
export type TShareUpstream = (state: IUpstreamState) => void;

export class Upstreams {
  readonly #engine: IEngine;
  readonly #share: TShareUpstream;

  constructor(engine: IEngine, share: TShareUpstream) {
    this.#engine = engine;
    this.#share = share;
  }

  change(target: string, change: IUpstreamChange): void {
    const { states, pool } = this.#engine;
    const control = states.change(target, change);
    if (control.state === 'disabled') pool.closeIdle(target);
    pool.follow();
    this.#share(stateOf(control));
  }

  changeHealth(target: string, healthy: boolean, reason: string | null): void {
    const { states, gate, pool } = this.#engine;
    if (!states.changeHealth(target, healthy, reason)) return;
    pool.follow();
    this.#share(stateOf(states.of(target)));
    if (!gate.upstreamHealth) return;
    gate.emit('upstream-health', {
      target,
      previous: healthy ? 'unhealthy' : 'healthy',
      current: healthy ? 'healthy' : 'unhealthy',
      reason: healthy ? undefined : (reason ?? undefined),
      timestamp: new Date(),
    });
  }
}

function stateOf({ target, state, weight, healthy, reason }: TargetControl): IUpstreamState {
  return { target, state, weight, healthy, reason };
}
