/**
 * Compiled security of routes, kept over swaps of the routes that leave it as it was, so that counts and budgets go on.
 *
 * @module
 */
import type { IRouteSecurity } from '../interfaces/security.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import { RouteSecurity } from '../security/route-security.ts';

interface IKept {
  readonly key: string;
  readonly security: RouteSecurity | null;
}

export class SecurityKeeper {
  readonly #defaults: IRouteSecurity | undefined;
  #kept = new Map<string, IKept>();

  constructor(defaults: IRouteSecurity | undefined) {
    this.#defaults = defaults;
  }

  /** The security of a route, by its name. @throws SecurityConfigError when a key does not fit its algorithm */
  of(route: ICompiledRoute): RouteSecurity | null {
    const key = JSON.stringify(route.config.security ?? null);
    const kept = this.#kept.get(route.name);
    if (kept !== undefined && kept.key === key) return kept.security;
    const security = RouteSecurity.compile(route.config.security, this.#defaults);
    this.#kept.set(route.name, { key, security });
    return security;
  }

  /** Forgets what belongs to routes that are gone. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name);
  }
}
