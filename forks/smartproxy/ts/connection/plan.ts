/**
 * What the engine keeps with a compiled route: its counters, its checks, its certificate and its targets.
 *
 * @module
 */
import type tls from 'node:tls';
import { ProxyError } from '../errors.ts';
import type { IRouteContext } from '../interfaces/context.ts';
import type { IRouteTarget } from '../interfaces/route.ts';
import type { ICompiledRoute } from '../route/compiled.ts';
import type { UpstreamTarget } from '../http/pool.ts';
import type { RouteSecurity } from '../security/route-security.ts';
import type { RouteCounters } from '../stats/counters.ts';
import { staplingServer } from '../tls/stapling.ts';
import { setTicketKeys } from '../tls/ticketkeys.ts';
import { Balancer } from './balancer.ts';
import type { IRequestFacts } from './balancer.ts';
import type { Connection } from './connection.ts';
import type { IEngine } from './engine.ts';
import { TargetPolicy } from './policy.ts';

const PORT_MAX = 65_535;

/** Stands in for the target of routes that have none; never dialled. */
const NOWHERE: IRouteTarget = { host: '', port: 0 };

/** A target with its address resolved to one host and port. */
export interface IChosenTarget {
  readonly host: string;
  readonly port: number;
  /** Distinguishes pooled connections with different TLS settings; '' without TLS. */
  readonly tlsKey: string;
  readonly tlsOptions: tls.ConnectionOptions | null;
  readonly policy: TargetPolicy;
  /** The pool of this address, once it was looked up. */
  pooled: UpstreamTarget | null;
}

export class RoutePlan {
  readonly route: ICompiledRoute;
  readonly name: string;
  readonly counters: RouteCounters;
  /** Null when nothing is to be checked. */
  readonly security: RouteSecurity | null;
  /** Requests must pass a check of the route. */
  readonly checks: boolean;
  readonly policies: readonly TargetPolicy[];
  readonly #balancer: Balancer;
  /** The one target of a route without functions, lists and conditions: the usual case, resolved once. */
  readonly #fixed: IChosenTarget | null;
  /** Answers clients that want an OCSP response; null where none was given. */
  readonly stapling: tls.Server | null;
  #context: tls.SecureContext | null = null;
  #hostTurn = 0;

  constructor(engine: IEngine, route: ICompiledRoute) {
    this.route = route;
    this.name = route.name;
    this.counters = engine.recorder.route(route.name);
    this.security = engine.securityOf(route);
    this.checks = this.security !== null && this.security.checksRequests;
    // A canned answer needs no target, but the settings that it stands in.
    const targets = route.targets.length === 0 ? [NOWHERE] : route.targets;
    this.policies = targets.map((target) => new TargetPolicy(route.config, target, engine.targetDefaults));
    this.#balancer = new Balancer(this.policies, route.config.action.loadBalancing?.algorithm ?? 'round-robin');
    this.#fixed = this.#resolveFixed();
    const certificate = route.config.action.tls?.certificate;
    const ocsp = typeof certificate === 'object' ? certificate.ocsp : undefined;
    this.stapling = ocsp === undefined ? null : staplingServer(ocsp);
  }

  /** Makes what the route needs before it is used. @throws ProxyError when its certificate cannot be used */
  prepare(engine: IEngine): void {
    const { tlsMode } = this.route;
    // Managed certificates are read from the store at the start; there is always one to serve, if only a placeholder.
    if (typeof this.route.config.action.tls?.certificate === 'string') return;
    if (tlsMode === 'terminate' || tlsMode === 'terminate-and-reencrypt') this.#context ??= engine.tls.make(this.route);
  }

  /** Makes the TLS context anew: the route's certificate has changed. Connections that exist keep theirs. */
  renewContext(engine: IEngine): void {
    if (this.#context !== null) this.#context = engine.tls.make(this.route);
  }

  /** Seals and opens tickets with other keys from now on. */
  useTicketKeys(keys: Buffer): void {
    if (this.#context !== null) setTicketKeys(this.#context, keys);
  }

  /** The TLS context of a route that terminates. */
  secureContext(engine: IEngine): tls.SecureContext {
    this.#context ??= engine.tls.make(this.route);
    return this.#context;
  }

  /**
   * Chooses the target of a connection or request.
   * @param facts the request, null on connections
   * @param context asked for only where the route has functions
   * @throws ProxyError when a function gives no usable address
   */
  choose(connection: Connection, facts: IRequestFacts | null, context: () => IRouteContext): IChosenTarget {
    if (this.#fixed !== null) return this.#fixed;
    const policy = this.#balancer.pick(connection, facts);
    if (policy === null) throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} has no target for this request`);
    const { host: hostOption, port: portOption } = policy.config;
    const hosts = typeof hostOption === 'function' ? hostOption(context()) : hostOption;
    const host = typeof hosts === 'string' ? hosts : hosts[this.#hostTurn++ % hosts.length];
    const port =
      portOption === 'preserve'
        ? connection.localPort
        : typeof portOption === 'function'
          ? portOption(context())
          : portOption;
    if (typeof host !== 'string' || host === '' || !Number.isInteger(port) || port < 1 || port > PORT_MAX) {
      throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} gave ${String(host)}:${port} as its target`);
    }
    return chosen(policy, host, port, connection.domain ?? host);
  }

  /** The same with another address, which keeps the settings of the target that was chosen. */
  at(connection: Connection, chosenBefore: IChosenTarget, host: string, port: number): IChosenTarget {
    return chosen(chosenBefore.policy, host, port, connection.domain ?? host);
  }

  #resolveFixed(): IChosenTarget | null {
    const policy = this.policies.length === 1 ? this.policies[0]! : null;
    if (policy === null || policy.config.match !== undefined) return null;
    const { host, port } = policy.config;
    // Behind an address, the name to check is the one that the client asks for.
    if (typeof host !== 'string' || typeof port !== 'number' || policy.tls?.mode === 'terminate-and-reencrypt') {
      return null;
    }
    return chosen(policy, host, port, host);
  }
}

function chosen(policy: TargetPolicy, host: string, port: number, domain: string): IChosenTarget {
  const tlsTo = policy.tlsTo(host, domain);
  if (tlsTo === null) return { host, port, tlsKey: '', tlsOptions: null, policy, pooled: null };
  return { host, port, tlsKey: tlsTo.key, tlsOptions: tlsTo.options, policy, pooled: null };
}

/** The plan of a compiled route, made when the route is first used. */
export function planOf(engine: IEngine, route: ICompiledRoute): RoutePlan {
  if (route.state === null) route.state = new RoutePlan(engine, route);
  return route.state as RoutePlan;
}
