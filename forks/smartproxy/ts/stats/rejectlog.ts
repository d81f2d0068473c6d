/**
 * One log line for many refusals: a flood must not become a flood of lines.
 *
 * @module
 */
import type { IProxyLogger } from '../interfaces/options.ts';
import { limits } from '../limits/limits.ts';
import type { ReasonCounts } from './counters.ts';

export class RejectLog {
  readonly #logger: IProxyLogger;
  readonly #rejects: ReasonCounts;
  #logged = new Map<string, number>();
  #loggedAtMs = 0;

  constructor(logger: IProxyLogger, rejects: ReasonCounts) {
    this.#logger = logger;
    this.#rejects = rejects;
  }

  /** Writes what was refused since the last line, at most once per interval. */
  tick(nowMs: number): void {
    if (nowMs - this.#loggedAtMs < limits.rejectLogMs) return;
    this.#loggedAtMs = nowMs;
    this.flush();
  }

  /** Writes what no line has told yet. */
  flush(): void {
    const reasons: Record<string, number> = {};
    let total = 0;
    for (const [reason, count] of this.#rejects.counts) {
      const more = count - (this.#logged.get(reason) ?? 0);
      if (more === 0) continue;
      reasons[reason] = more;
      total += more;
    }
    if (total === 0) return;
    this.#logged = new Map(this.#rejects.counts);
    this.#logger.warn(`refused ${total} connections or requests`, reasons);
  }
}
