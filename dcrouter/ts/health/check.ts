/**
 * One check: its addresses, their states, and what they come to.
 *
 * @module
 */
import type { ITargetResolver } from '@dcrouter/smartproxy';
import { ProbeState, stateOfAll } from './probe-state.ts';
import type { TProbe } from './probes/types.ts';
import { addressesOf, targetText, type ITargetRef } from './targets.ts';
import type { ICheckStatus, TCheckType, THealthState } from './types.ts';

/** How a check is made. */
export interface ICheckOptions {
  readonly name: string;
  readonly type: TCheckType;
  /** As people wrote it. */
  readonly target: string;
  readonly targets: readonly ITargetRef[];
  readonly probe: TProbe;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  /** What it finds out counts in balancing: not that a certificate ends soon. */
  readonly balances: boolean;
}

/** What a run found out about one name: a target, or an address that it leads to. */
export interface IFinding {
  readonly target: string;
  readonly down: boolean;
  readonly reason: string | null;
}

export class Check {
  readonly options: ICheckOptions;
  state: THealthState = 'unknown';
  #sinceMs: number;
  #runs = 0;
  #failures = 0;
  #changes = 0;
  /** By target, then by `address:port`. */
  #probes = new Map<string, Map<string, ProbeState>>();

  /** @param before the check of the same name until now, whose state goes on */
  constructor(options: ICheckOptions, nowMs: number, before?: Check) {
    this.options = options;
    this.#sinceMs = before === undefined ? nowMs : before.#sinceMs;
    if (before === undefined) return;
    this.state = before.state;
    for (const { name } of options.targets) {
      const probes = before.#probes.get(name);
      if (probes !== undefined) this.#probes.set(name, probes);
    }
  }

  get reason(): string | null {
    for (const probe of this.#all()) if (probe.reason !== null) return probe.reason;
    return null;
  }

  /**
   * Looks once at every address.
   *
   * @param nowMs Unix time in milliseconds
   * @returns how many of the addresses failed
   */
  async run(resolver: ITargetResolver, nowMs: () => number, signal: AbortSignal): Promise<number> {
    const { targets, rise, fall } = this.options;
    const results = await Promise.all(targets.map(async (ref) => await this.#look(ref, resolver, signal)));
    // What was called off says nothing about the target.
    if (signal.aborted) return 0;
    this.#runs += 1;
    let failed = 0;
    const next = new Map<string, Map<string, ProbeState>>();
    for (const [at, ref] of targets.entries()) {
      const before = this.#probes.get(ref.name);
      const probes = new Map<string, ProbeState>();
      for (const { name, fault, durationMs } of results[at]!) {
        const probe = before?.get(name) ?? new ProbeState(name);
        probe.record(fault, durationMs, rise, fall);
        probes.set(name, probe);
        if (fault !== null) failed += 1;
      }
      next.set(ref.name, probes);
    }
    this.#probes = next;
    if (failed > 0) this.#failures += 1;
    const state = stateOfAll([...next.values()].map((probes) => ({ state: stateOfAll(probes.values()) })));
    // An address that is new is not known yet; that alone does not turn what is known.
    if (state !== 'unknown' && state !== this.state) {
      this.state = state;
      this.#sinceMs = nowMs();
      this.#changes += 1;
    }
    return failed;
  }

  /** What is known about its targets and addresses; one name is found once. */
  findings(): IFinding[] {
    const found = new Map<string, IFinding>();
    for (const [target, probes] of this.#probes) {
      for (const { target: name, state, reason } of probes.values()) {
        found.set(name, { target: name, down: state === 'down', reason });
      }
      const down = stateOfAll(probes.values()) === 'down';
      const [first] = probes.values();
      found.set(target, { target, down, reason: down ? (first?.reason ?? null) : null });
    }
    return [...found.values()];
  }

  status(): ICheckStatus {
    const { name, type, target } = this.options;
    return {
      name,
      type,
      target,
      state: this.state,
      sinceMs: this.#sinceMs,
      reason: this.reason,
      runs: this.#runs,
      failures: this.#failures,
      changes: this.#changes,
      probes: [...this.#all()].map((probe) => probe.status()),
    };
  }

  async #look(ref: ITargetRef, resolver: ITargetResolver, signal: AbortSignal): Promise<IResult[]> {
    const { probe, timeoutMs } = this.options;
    const startMs = performance.now();
    try {
      const addresses = await addressesOf(ref, resolver);
      return await Promise.all(
        addresses.map(async (address) => {
          const beganMs = performance.now();
          const fault = await probe(address, { timeoutMs, signal });
          return { name: targetText(address.address, address.port), fault, durationMs: performance.now() - beganMs };
        }),
      );
    } catch {
      return [{ name: ref.name, fault: 'unresolved', durationMs: performance.now() - startMs }];
    }
  }

  *#all(): Generator<ProbeState> {
    for (const probes of this.#probes.values()) yield* probes.values();
  }
}

interface IResult {
  readonly name: string;
  readonly fault: string | null;
  readonly durationMs: number;
}
