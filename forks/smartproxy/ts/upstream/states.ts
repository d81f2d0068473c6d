/**
 * Which targets are used now: states and weights set while the proxy runs, and health that others have found out.
 *
 * @module
 */
import { ProxyError } from '../errors.ts';
import type { IUpstreamChange, IUpstreamState, TUpstreamState } from '../interfaces/upstreams.ts';
import { limits } from '../limits/limits.ts';
import { routeLimits } from '../limits/route.ts';

const STATES: readonly TUpstreamState[] = ['ready', 'drain', 'disabled'];

/** What holds for one target, in every route that names it. */
export class TargetControl {
  readonly target: string;
  state: TUpstreamState = 'ready';
  /** Null: the routes' own. */
  weight: number | null = null;
  healthy = true;
  reason: string | null = null;

  constructor(target: string) {
    this.target = target;
  }

  /** New connections and requests may go to it. */
  get open(): boolean {
    return this.state === 'ready';
  }

  /** Nothing was said about it. */
  get untouched(): boolean {
    return this.state === 'ready' && this.weight === null && this.healthy;
  }
}

/** Of targets whose address is known only once they are chosen. */
export const UNNAMED = new TargetControl('');

export class UpstreamStates {
  /** Rises with every change. */
  version = 0;
  readonly #controls = new Map<string, TargetControl>();

  /** The control of a target that a route names. */
  of(target: string): TargetControl {
    let control = this.#controls.get(target);
    if (control === undefined) {
      control = new TargetControl(target);
      this.#controls.set(target, control);
    }
    return control;
  }

  /** What was said about a target; undefined when nothing was and no route names it. */
  find(target: string): TargetControl | undefined {
    return this.#controls.get(target);
  }

  /** @throws ProxyError `PROXY_BAD_OPTION` for what cannot be */
  change(target: string, change: IUpstreamChange): TargetControl {
    const { state, weight } = change;
    if (state !== undefined && !STATES.includes(state)) {
      throw new ProxyError('PROXY_BAD_OPTION', `${target}: state is ${String(state)}; use ${STATES.join(', ')}`);
    }
    if (
      weight !== undefined &&
      weight !== null &&
      !(Number.isInteger(weight) && weight >= 0 && weight <= routeLimits.weightMax)
    ) {
      throw new ProxyError(
        'PROXY_BAD_OPTION',
        `${target}: weight is ${weight}; expected a whole number from 0 to ${routeLimits.weightMax}, or null`,
      );
    }
    const control = this.#known(target);
    if (state !== undefined) control.state = state;
    if (weight !== undefined) control.weight = weight;
    this.version += 1;
    return control;
  }

  /** Returns whether that is news. @throws ProxyError `PROXY_BAD_OPTION` when there is no room */
  changeHealth(target: string, healthy: boolean, reason: string | null): boolean {
    const control = this.#known(target);
    control.reason = healthy ? null : reason;
    if (control.healthy === healthy) return false;
    control.healthy = healthy;
    this.version += 1;
    return true;
  }

  /** Takes over what another process has been told. */
  adopt(states: readonly IUpstreamState[]): void {
    for (const { target, state, weight, healthy, reason } of states) {
      Object.assign(this.of(target), { state, weight, healthy, reason });
    }
    this.version += 1;
  }

  /** Forgets the targets that no route names and nothing was said about. */
  keepOnly(named: ReadonlySet<TargetControl>): void {
    for (const control of this.#controls.values()) {
      if (control.untouched && !named.has(control)) this.#controls.delete(control.target);
    }
  }

  list(): IUpstreamState[] {
    return Array.from(this.#controls.values(), ({ target, state, weight, healthy, reason }) => ({
      target,
      state,
      weight,
      healthy,
      reason,
    }));
  }

  /** Names come from outside here, so there is an end to them; those of routes have found their place before. */
  #known(target: string): TargetControl {
    if (this.#controls.has(target) || this.#controls.size < limits.upstreamTargets) return this.of(target);
    throw new ProxyError(
      'PROXY_BAD_OPTION',
      `${target}: there are ${limits.upstreamTargets} targets with a state already; set others back to ready first`,
    );
  }
}
