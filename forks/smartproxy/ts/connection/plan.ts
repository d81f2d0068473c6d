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
import { clientAuthKey } from '../tls/clientauth.ts';
import type { RouteContexts } from '../tls/contexts.ts';
import { staplingServer } from '../tls/stapling.ts';
import { UNNAMED, type TargetControl } from '../upstream/states.ts';
import { Balancer } from './balancer.ts';
import type { IRequestFacts } from './balancer.ts';
import type { Connection } from './connection.ts';
import type { IEngine } from './engine.ts';
import { TargetPolicy } from './policy.ts';
import { SRV_PORT, targetName } from './target-name.ts';

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
  /** Which client certificates it asks for; '' for none. */
  readonly clientAuth: string;
  readonly policies: readonly TargetPolicy[];
  readonly #balancer: Balancer;
  /** The one target of a route without functions, lists and conditions: the usual case, resolved once. */
  readonly #fixed: IChosenTarget | null;
  /** Answers clients that want an OCSP response; null where none was given. */
  readonly stapling: tls.Server | null;
  readonly #engine: IEngine;
  #contexts: RouteContexts | null = null;
  #hostTurn = 0;

  constructor(engine: IEngine, route: ICompiledRoute) {
    this.#engine = engine;
    this.route = route;
    this.name = route.name;
    this.counters = engine.recorder.route(route.name);
    this.security = engine.securityOf(route);
    this.clientAuth = clientAuthKey(route.config.action.tls);
    this.checks = this.security !== null && this.security.checksRequests;
    // A canned answer needs no target, but the settings that it stands in.
    const targets = route.targets.length === 0 ? [NOWHERE] : route.targets;
    this.policies = targets.map((target) => {
      const controls = controlsOf(engine, target);
      return new TargetPolicy(route.config, target, engine.targetDefaults, controls);
    });
    const algorithm = route.config.action.loadBalancing?.algorithm ?? 'round-robin';
    const { others } = engine;
    const turn = others?.turn ?? 0;
    this.#balancer = new Balancer(this.policies, algorithm, turn);
    this.#hostTurn = turn;
    if (others !== null && algorithm === 'least-connections') {
      const tally = others.tallies.of('load', route.name, 1);
      for (const [at, policy] of this.policies.entries()) {
        policy.shareLoad(tally, `${at} ${String(policy.config.host)} ${String(policy.config.port)}`);
      }
    }
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
    if (tlsMode === 'terminate' || tlsMode === 'terminate-and-reencrypt')
      this.#contexts ??= engine.tls.make(this.route);
  }

  /** Makes the TLS context anew: the route's certificate has changed. Connections that exist keep theirs. */
  renewContext(engine: IEngine): void {
    if (this.#contexts !== null) this.#contexts = engine.tls.make(this.route);
  }

  /** The TLS context of a route that terminates, for a client that brings a ticket or none. */
  secureContext(engine: IEngine, resumes: boolean): tls.SecureContext {
    this.#contexts ??= engine.tls.make(this.route);
    return this.#contexts.for(resumes);
  }

  /** One target that nothing about a connection or request could change. */
  get isFixed(): boolean {
    return this.#fixed !== null;
  }

  /** That target; null when it is taken out. */
  fixed(): IChosenTarget | null {
    return this.#fixed !== null && this.#fixed.policy.open ? this.#fixed : null;
  }

  /**
   * Chooses the target of a connection or request.
   * @param facts the request, null on connections
   * @param context asked for only where the route has functions
   * @returns null when every target that would do is taken out
   * @throws ProxyError when a function gives no usable address
   */
  choose(connection: Connection, facts: IRequestFacts | null, context: () => IRouteContext): IChosenTarget | null {
    if (this.#fixed !== null) return this.fixed();
    const policy = this.#balancer.pick(connection, facts);
    if (policy === null) {
      if (this.policies.some(({ open }) => !open)) return null;
      throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} has no target for this request`);
    }
    const port = portOf(policy, connection, context);
    const host = this.#hostOf(policy, context);
    if (typeof host !== 'string' || host === '' || !isPort(port, policy)) {
      throw new ProxyError('PROXY_NO_TARGET', `route ${this.name} gave ${String(host)}:${port} as its target`);
    }
    const { states } = this.#engine;
    if (states.version > 0 && states.find(targetName(host, port))?.open === false) return null;
    return chosen(policy, host, port, connection.domain ?? host);
  }

  /**
   * Another address with the settings of the target that was chosen, of the first one when none was.
   * @returns null when the address is taken out
   */
  at(connection: Connection, before: IChosenTarget | null, host: string, port: number): IChosenTarget | null {
    const { states } = this.#engine;
    if (states.version > 0 && states.find(targetName(host, port))?.open === false) return null;
    return chosen(before === null ? this.policies[0]! : before.policy, host, port, connection.domain ?? host);
  }

  /** A list is used in turn, passing over those that are taken out, then those that are not healthy. */
  #hostOf(policy: TargetPolicy, context: () => IRouteContext): string | undefined {
    const { host: option } = policy.config;
    const hosts = typeof option === 'function' ? option(context()) : option;
    if (typeof hosts === 'string') return hosts;
    const turn = this.#hostTurn++;
    const { controls } = policy;
    if (controls.length !== hosts.length || this.#engine.states.version === 0) return hosts[turn % hosts.length];
    let usable: string | undefined;
    for (let at = 0; at < hosts.length; at += 1) {
      const next = (turn + at) % hosts.length;
      const control = controls[next]!;
      if (control.open && control.healthy) return hosts[next];
      if (control.open) usable ??= hosts[next];
    }
    return usable ?? hosts[turn % hosts.length];
  }

  #resolveFixed(): IChosenTarget | null {
    const policy = this.policies.length === 1 ? this.policies[0]! : null;
    if (policy === null || policy.config.match !== undefined) return null;
    const { host, port: portOption } = policy.config;
    const port = portOption === 'srv' ? SRV_PORT : portOption;
    // Behind an address, the name to check is the one that the client asks for.
    if (typeof host !== 'string' || typeof port !== 'number' || policy.tls?.mode === 'terminate-and-reencrypt') {
      return null;
    }
    return chosen(policy, host, port, host);
  }
}

/** The controls of a target's hosts; of one with functions, what stands for a name that is not known yet. */
function controlsOf(engine: IEngine, { host, port }: IRouteTarget): readonly TargetControl[] {
  const number = port === 'srv' ? SRV_PORT : port;
  if (typeof number !== 'number' || typeof host === 'function' || host === '') return [UNNAMED];
  const hosts = typeof host === 'string' ? [host] : host;
  return hosts.map((name) => engine.states.of(targetName(name, number)));
}

function portOf(policy: TargetPolicy, connection: Connection, context: () => IRouteContext): number {
  const { port } = policy.config;
  if (port === 'preserve') return connection.localPort;
  if (port === 'srv') return SRV_PORT;
  return typeof port === 'function' ? port(context()) : port;
}

function isPort(port: number, policy: TargetPolicy): boolean {
  if (port === SRV_PORT) return policy.config.port === 'srv';
  return Number.isInteger(port) && port > 0 && port <= PORT_MAX;
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
