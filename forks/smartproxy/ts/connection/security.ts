/**
 * Compiled security of routes, kept over swaps of the routes that leave it as it was, so that counts and budgets go on.
 *
 * @module
 */
import type { IRouteSecurity } from '../interfaces/security.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import { RouteSecurity } from '../security/route-security.ts';
import type { ITallies } from '../security/tally.ts';

interface IKept {
  readonly key: string;
  readonly security: RouteSecurity | null;
}

export class SecurityKeeper {
  readonly #defaults: IRouteSecurity | undefined;
  readonly #tallies: ITallies | null;
  #kept = new Map<string, IKept>();
  /** As it was before routes were prepared that may come to nothing. */
  #before: Map<string, IKept> | null = null;

  /** @param tallies what other processes hold against limits; null where there are none */
  constructor(defaults: IRouteSecurity | undefined, tallies: ITallies | null) {
    this.#defaults = defaults;
    this.#tallies = tallies;
  }

  /** New routes are prepared, to be used or not. */
  prepare(): void {
    this.#before ??= new Map(this.#kept);
  }

  /** They are not used: what is kept is again that of the routes in use. */
  discard(): void {
    this.#kept = this.#before ?? this.#kept;
    this.#before = null;
  }

  /** The security of a route, by its name. @throws SecurityConfigError when a key does not fit its algorithm */
  of(route: ICompiledRoute): RouteSecurity | null {
    const key = JSON.stringify(route.config.security ?? null);
    const kept = this.#kept.get(route.name);
    if (kept !== undefined && kept.key === key) return kept.security;
    const shared = this.#tallies === null ? null : { route: route.name, tallies: this.#tallies };
    const security = RouteSecurity.compile(route.config.security, this.#defaults, undefined, shared);
    this.#kept.set(route.name, { key, security });
    return security;
  }

  /** Forgets what belongs to routes that are gone. */
  keepOnly(names: ReadonlySet<string>): void {
    this.#before = null;
    for (const name of this.#kept.keys()) {
      if (names.has(name)) continue;
      this.#kept.delete(name);
      this.#tallies?.forget(name);
    }
  }
}
