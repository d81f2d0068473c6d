/**
 * The security block of one route, compiled: what a connection must pass, then what each request must pass.
 *
 * @module
 */
import type { IRouteBasicAuth, IRouteJwtAuth, IRouteRateLimit, IRouteSecurity } from '../interfaces/security.ts';
import type { THeaderLookup } from '../route/conditions.ts';
import { PathPattern, pathEnd } from '../route/path.ts';
import { BasicAuth } from './basic-auth.ts';
import { ConnectionCounter } from './connection-counter.ts';
import { denyAddress, denyAuth, denyBusy, denyConnections, denyRate, type IDenial } from './denial.ts';
import { IpAccess } from './ip-access.ts';
import { JwtAuth } from './jwt-auth.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { ITallies, Tally, TTallyKind } from './tally.ts';

/** The facts of a request that security looks at. */
export interface ISecurityRequest {
  readonly clientIp: string;
  /** Host without port; undefined where there is none. */
  readonly domain: string | undefined;
  readonly path: string;
  readonly header: THeaderLookup;
}

/** Limits of a route that other processes share. */
export interface ISharedLimits {
  readonly route: string;
  readonly tallies: ITallies;
}

/** A place among a route's connections; give it back once, when the connection closes. */
export interface IConnectionPlace {
  readonly ipToken: string | null;
}

/** The one key under which requests share a budget that lack the header. */
const NO_HEADER_KEY = '';

export class RouteSecurity {
  readonly #ips: IpAccess | null;
  readonly #connectionsMax: number;
  readonly #byIp: ConnectionCounter | null;
  readonly #rate: RateLimiter | null;
  readonly #rateConfig: IRouteRateLimit | null;
  readonly #basic: BasicAuth | null;
  readonly #basicExcluded: readonly PathPattern[];
  readonly #jwt: JwtAuth | null;
  readonly #jwtExcluded: readonly PathPattern[];
  /** What other processes hold against `maxConnections`. */
  readonly #tally: Tally | null;
  #connections = 0;

  private constructor(security: IRouteSecurity, nowMs: number, shared: ISharedLimits | null) {
    const tallyOf = (kind: TTallyKind, limit: number): Tally | null =>
      shared === null ? null : shared.tallies.of(kind, shared.route, limit);
    this.#ips = IpAccess.compile(security.ipAllowList, security.ipBlockList);
    this.#connectionsMax = security.maxConnections || Infinity;
    this.#tally = security.maxConnections ? tallyOf('connections', security.maxConnections) : null;
    const perIp = security.maxConnectionsPerIP;
    this.#byIp = perIp ? new ConnectionCounter(perIp, undefined, tallyOf('addresses', perIp)) : null;
    const rate = security.rateLimit?.enabled ? security.rateLimit : null;
    this.#rateConfig = rate;
    this.#rate =
      rate && new RateLimiter(rate.maxRequests, rate.window, nowMs, undefined, tallyOf('rate', rate.maxRequests));
    const basic = basicOf(security);
    this.#basic = basic && new BasicAuth(basic);
    this.#basicExcluded = (basic?.excludePaths ?? []).map((path) => new PathPattern(path));
    const jwt = jwtOf(security);
    this.#jwt = jwt && new JwtAuth(jwt);
    this.#jwtExcluded = (jwt?.excludePaths ?? []).map((path) => new PathPattern(path));
  }

  /**
   * Null when there is nothing to check. A member of the route replaces the same member of the defaults.
   *
   * @throws SecurityConfigError when a key does not fit its algorithm.
   */
  static compile(
    security: IRouteSecurity | undefined,
    defaults: IRouteSecurity | undefined,
    nowMs: number = performance.now(),
    shared: ISharedLimits | null = null,
  ): RouteSecurity | null {
    const merged = { ...defaults, ...security };
    const compiled = new RouteSecurity(merged, nowMs, shared);
    return compiled.#isEmpty() ? null : compiled;
  }

  /** Whether requests must pass {@link checkRequest}. */
  get checksRequests(): boolean {
    return !!(this.#rate ?? this.#basic ?? this.#jwt) || (this.#ips?.needsDomain ?? false);
  }

  /** Open connections that hold a place. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Lets a connection in and counts it, or says why not. Between the check and the count nothing else runs, so a limit
   * is never passed.
   *
   * @param domain SNI or Host; undefined while it is unknown.
   * @param isFinal whether this is the last look at the domain: false where requests will be checked one by one.
   */
  admit(clientIp: string, domain: string | undefined, isFinal: boolean): IConnectionPlace | IDenial {
    const verdict = this.#checkIp(clientIp, domain, isFinal);
    if (verdict !== null) return verdict;
    const max = this.#connectionsMax;
    if (this.#connections >= max || this.#tally?.hasRoom('', max) === false)
      return denyConnections('route-connections');
    let ipToken: string | null = null;
    if (this.#byIp !== null) {
      ipToken = this.#byIp.acquire(clientIp);
      if (ipToken === null) return denyConnections('route-connections-per-ip');
    }
    this.#connections += 1;
    this.#tally?.add('', 1);
    return { ipToken };
  }

  /** Gives back what {@link admit} gave. */
  leave(place: IConnectionPlace): void {
    this.#connections -= 1;
    this.#tally?.add('', -1);
    if (place.ipToken !== null) this.#byIp!.release(place.ipToken);
  }

  /** Address and rate: what comes before a CORS preflight is answered. */
  checkRate(request: ISecurityRequest, nowMs: number): IDenial | null {
    if (this.#ips?.needsDomain) {
      const verdict = this.#ips.check(request.clientIp, request.domain);
      if (verdict !== null) return denyAddress(verdict);
    }
    if (this.#rate === null) return null;
    const wait = this.#rate.take(this.#rateKey(request), nowMs);
    return wait === 0 ? null : denyRate(wait, this.#rateConfig!.errorMessage);
  }

  /** Who it is. A promise only where a password has to be hashed slowly. */
  checkAuth(request: ISecurityRequest, nowMs: number, unixMs: number): IDenial | null | Promise<IDenial | null> {
    const authorization = request.header('authorization');
    if (this.#jwt !== null && !isExcluded(this.#jwtExcluded, request.path)) {
      const result = this.#jwt.check(authorization, unixMs);
      if (!result.ok) {
        const reason = result.fault === 'missing' ? 'auth-missing' : 'auth-failed';
        return denyAuth(reason, this.#jwt.challenge(result.fault));
      }
    }
    if (this.#basic === null || isExcluded(this.#basicExcluded, request.path)) return null;
    const { challenge } = this.#basic;
    const result = this.#basic.check(authorization, nowMs);
    return typeof result === 'string' ? basicDenial(result, challenge) : result.then((r) => basicDenial(r, challenge));
  }

  /** {@link checkRate}, then {@link checkAuth}. */
  checkRequest(request: ISecurityRequest, nowMs: number, unixMs: number): IDenial | null | Promise<IDenial | null> {
    return this.checkRate(request, nowMs) ?? this.checkAuth(request, nowMs, unixMs);
  }

  #checkIp(clientIp: string, domain: string | undefined, isFinal: boolean): IDenial | null {
    if (this.#ips === null) return null;
    const verdict = isFinal ? this.#ips.check(clientIp, domain) : this.#ips.checkEarly(clientIp);
    return verdict === null ? null : denyAddress(verdict);
  }

  #rateKey(request: ISecurityRequest): string {
    const config = this.#rateConfig!;
    if (config.keyBy === 'path') return request.path.slice(0, pathEnd(request.path));
    if (config.keyBy === 'header') return request.header(config.headerName!.toLowerCase()) ?? NO_HEADER_KEY;
    return request.clientIp;
  }

  #isEmpty(): boolean {
    return !(this.#ips ?? this.#byIp ?? this.#rate ?? this.#basic ?? this.#jwt) && this.#connectionsMax === Infinity;
  }
}

function isExcluded(patterns: readonly PathPattern[], path: string): boolean {
  if (patterns.length === 0) return false;
  const end = pathEnd(path);
  return patterns.some((pattern) => pattern.matches(path, end));
}

function basicDenial(result: 'ok' | 'missing' | 'wrong' | 'busy', challenge: string): IDenial | null {
  if (result === 'ok') return null;
  if (result === 'busy') return denyBusy();
  return denyAuth(result === 'missing' ? 'auth-missing' : 'auth-failed', challenge);
}

/** `basicAuth`, or what the older `authentication` says of it. */
function basicOf(security: IRouteSecurity): IRouteBasicAuth | null {
  if (security.basicAuth?.enabled) return security.basicAuth;
  const old = security.authentication;
  if (old?.type !== 'basic') return null;
  return { enabled: true, users: old.credentials ?? [], realm: old.realm };
}

function jwtOf(security: IRouteSecurity): IRouteJwtAuth | null {
  if (security.jwtAuth?.enabled) return security.jwtAuth;
  const old = security.authentication;
  if (old?.type !== 'jwt') return null;
  return { enabled: true, secret: old.jwtSecret ?? '', issuer: old.jwtIssuer };
}
