/**
 * One route, ready to be asked.
 *
 * @module
 */
import type { IRouteConfig, IRouteTarget } from '../interfaces/route.ts';
import type { TTlsMode } from '../interfaces/tls.ts';
import type { IpSet } from '../security/ip-set.ts';
import {
  allHeadersMatch,
  compileClientIps,
  compileHeaders,
  compileMethods,
  compileTlsVersions,
  type HeaderCondition,
} from './conditions.ts';
import type { LookupFacts } from './facts.ts';
import { kindOf, targetsOf, type TRouteKind } from './kind.ts';
import { PathPattern } from './path.ts';
import { expandPorts } from './ports.ts';

export interface ICompiledRoute {
  readonly config: IRouteConfig;
  /** Unique in its table. */
  readonly name: string;
  /** Position among the configured routes. */
  readonly index: number;
  readonly priority: number;
  readonly ports: readonly number[];
  /** `targets`, or the one `target`; empty for a socket handler. */
  readonly targets: readonly IRouteTarget[];
  /** Null: TLS is not touched. */
  readonly tlsMode: TTlsMode | null;
  readonly kind: TRouteKind;
  readonly path: PathPattern | null;
  /** Slots of the engine: the route's counters, and whatever else it keeps with a route. */
  counters: unknown;
  state: unknown;
}

export class CompiledRoute implements ICompiledRoute {
  readonly config: IRouteConfig;
  readonly name: string;
  readonly index: number;
  readonly priority: number;
  readonly ports: readonly number[];
  readonly targets: readonly IRouteTarget[];
  readonly tlsMode: TTlsMode | null;
  readonly kind: TRouteKind;
  readonly path: PathPattern | null;
  readonly clientIps: IpSet | null;
  readonly tlsVersions: ReadonlySet<string> | null;
  readonly methods: ReadonlySet<string> | null;
  readonly headers: readonly HeaderCondition[] | null;
  /** False when nothing but domain and path must hold: the usual route, which then costs one test. */
  readonly #conditional: boolean;
  counters: unknown;
  state: unknown;

  constructor(config: IRouteConfig, name: string, index: number) {
    const { match, action } = config;
    this.config = config;
    this.name = name;
    this.index = index;
    this.priority = config.priority ?? 0;
    this.ports = expandPorts(match.ports);
    this.targets = targetsOf(action);
    this.tlsMode = action.tls?.mode ?? null;
    this.kind = kindOf(config);
    // A bare star says nothing about the path, and so does not make the route more specific.
    this.path = match.path === undefined || /^\*+$/.test(match.path) ? null : new PathPattern(match.path);
    this.clientIps = compileClientIps(match.clientIp);
    this.tlsVersions = compileTlsVersions(match.tlsVersion);
    this.methods = compileMethods(match.method);
    this.headers = compileHeaders(match.headers);
    this.#conditional = !!(this.clientIps ?? this.tlsVersions ?? this.methods ?? this.headers ?? this.path);
    this.counters = null;
    this.state = null;
  }

  /** Everything but port and domain. On connection level only what a connection shows: address and TLS version. */
  accepts(facts: LookupFacts): boolean {
    if (!this.#conditional) return true;
    if (this.clientIps !== null && !(facts.hasIp && this.clientIps.hasWords(facts.ip))) return false;
    if (this.tlsVersions !== null && !(facts.tlsVersion !== undefined && this.tlsVersions.has(facts.tlsVersion))) {
      return false;
    }
    if (!facts.isRequest) return true;
    if (this.methods !== null && !this.methods.has(facts.method)) return false;
    if (this.path !== null && !this.path.matches(facts.path, facts.pathEnd)) return false;
    return this.headers === null || allHeadersMatch(this.headers, facts.header);
  }
}
