/**
 * The pools of all targets.
 *
 * @module
 */
import type tls from 'node:tls';
import type { IEngine } from '../connection/engine.ts';
import { UpstreamTarget } from './pool.ts';
import type { SlotClerk } from './slots.ts';

export class UpstreamPool {
  readonly #engine: IEngine;
  readonly #clerk: SlotClerk | null;
  readonly #targets = new Map<string, UpstreamTarget>();

  /** @param clerk asked for connections of targets with a maximum; null where there are no other processes */
  constructor(engine: IEngine, clerk: SlotClerk | null) {
    this.#engine = engine;
    this.#clerk = clerk;
    clerk?.serve((key) => this.#targets.get(key)?.share());
  }

  /** The target of that address; `tlsKey` separates connections with different TLS settings. */
  target(host: string, port: number, tlsKey: string, tlsOptions: tls.ConnectionOptions | null): UpstreamTarget {
    const key = tlsKey === '' ? `${host} ${port}` : `${host} ${port} ${tlsKey}`;
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = new UpstreamTarget(this.#engine, host, port, tlsOptions, null, this.#clerk, key);
      this.#targets.set(key, target);
    }
    return target;
  }

  /** What was said about targets has changed: idle connections that must not be used any more end. */
  follow(): void {
    for (const target of this.#targets.values()) target.follow();
  }

  /** @param name only of the targets with this name */
  closeIdle(name?: string): void {
    for (const target of this.#targets.values()) if (name === undefined || target.name === name) target.closeIdle();
  }
}
