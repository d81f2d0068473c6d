/**
 * What all checks together say about a target: one that is down is enough.
 *
 * @module
 */
import type { IFinding } from './check.ts';

/** Hears of every target whose health has changed. */
export type TTargetHealth = (target: string, healthy: boolean, reason: string | null) => void;

export class Votes {
  readonly #tell: TTargetHealth;
  /** By target, the reasons of the checks that are against it. */
  readonly #against = new Map<string, Map<string, string | null>>();
  /** By check, the targets that it is against. */
  readonly #of = new Map<string, Set<string>>();

  constructor(tell: TTargetHealth) {
    this.#tell = tell;
  }

  /** Replaces what a check said. */
  cast(check: string, findings: readonly IFinding[]): void {
    const down = new Map(findings.filter((finding) => finding.down).map(({ target, reason }) => [target, reason]));
    for (const target of this.#of.get(check) ?? []) if (!down.has(target)) this.#withdraw(check, target);
    if (down.size === 0) this.#of.delete(check);
    else this.#of.set(check, new Set(down.keys()));
    for (const [target, reason] of down) {
      const against = this.#against.get(target) ?? new Map<string, string | null>();
      const news = against.size === 0;
      against.set(check, reason);
      this.#against.set(target, against);
      if (news) this.#tell(target, false, reason);
    }
  }

  /** A check is gone. */
  forget(check: string): void {
    this.cast(check, []);
  }

  /** Tells everything again: the one who listens is new. */
  repeat(): void {
    for (const [target, against] of this.#against) this.#tell(target, false, [...against.values()][0] ?? null);
  }

  #withdraw(check: string, target: string): void {
    const against = this.#against.get(target);
    against?.delete(check);
    if (against === undefined || against.size > 0) return;
    this.#against.delete(target);
    this.#tell(target, true, null);
  }
}
