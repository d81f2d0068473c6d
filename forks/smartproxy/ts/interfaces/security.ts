/**
 * Who may use a route, how often, and how they prove who they are.
 *
 * @module
 */

/** An address list entry that counts only for some domains. Upstream 27.5 has such entries; the shape is recalled. */
export interface IDomainScopedIp {
  /** Address, CIDR, range or wildcard. Recalled. */
  ip: string;
  /** Domain patterns as in a route's match. Recalled. */
  domains: string[];
}

/** Requests over the rate are answered with 429. Recalled. */
export interface IRouteRateLimit {
  /** `false` is as if it were absent. Recalled. */
  enabled: boolean;
  /** Requests per window; also the burst that a fresh key may send. Recalled. */
  maxRequests: number;
  /** Seconds. Recalled. */
  window: number;
  /** What shares one budget; default `ip`. Recalled. */
  keyBy?: 'ip' | 'path' | 'header';
  /** Required with `keyBy: 'header'`; requests without the header share one budget. Recalled. */
  headerName?: string;
  /** Body of the 429. Recalled. */
  errorMessage?: string;
}

/** A user of basic authentication: exactly one of both secrets. */
export interface IBasicAuthUser {
  /** Without a colon (RFC 7617 §2). Recalled. */
  username: string;
  /** In clear text; kept as a keyed hash only. Recalled. */
  password?: string;
  /** `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, both base64 without padding; `hashPassword` makes one. Ours. */
  passwordHash?: string;
}

/** HTTP basic authentication (RFC 7617). Recalled. */
export interface IRouteBasicAuth {
  /** `false` is as if it were absent. Recalled. */
  enabled: boolean;
  /** Who may pass. Recalled. */
  users: IBasicAuthUser[];
  /** Named in the challenge; default `Restricted`. Recalled. */
  realm?: string;
  /** Path patterns that need no authentication. Recalled. */
  excludePaths?: string[];
}

/** Signature algorithms that tokens may use (RFC 7518 §3.1). `none` is never one of them. */
export type TJwtAlgorithm =
  'HS256' | 'HS384' | 'HS512' | 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

/** Bearer tokens (RFC 6750, RFC 7519). Recalled. */
export interface IRouteJwtAuth {
  /** `false` is as if it were absent. Recalled. */
  enabled: boolean;
  /** Shared secret of the HS algorithms, or a public key or certificate in PEM for the others. Recalled. */
  secret: string;
  /** The one algorithm that is accepted; default HS256, or by the kind of key when `secret` is PEM. Recalled. */
  algorithm?: TJwtAlgorithm;
  /** Required value of `iss`. Recalled. */
  issuer?: string;
  /** Required in `aud`. Recalled. */
  audience?: string;
  /** Greatest age of a token by its `iat`, in seconds or as `15m`, `1h`, `7d`. Recalled. */
  expiresIn?: number | string;
  /** Path patterns that need no token. Recalled. */
  excludePaths?: string[];
  /** Seconds by which clocks may differ; default 0, at most 300. Ours. */
  clockToleranceSeconds?: number;
}

/** The older spelling of {@link IRouteBasicAuth} and {@link IRouteJwtAuth}. Recalled; digest and oauth are refused. */
export interface IRouteAuthentication {
  /** Which of both. Recalled. */
  type: 'basic' | 'jwt';
  /** Users of `basic`. Recalled. */
  credentials?: Array<{ username: string; password: string }>;
  /** As in basicAuth. Recalled. */
  realm?: string;
  /** Secret of `jwt`. Recalled. */
  jwtSecret?: string;
  /** As `issuer` in jwtAuth. Recalled. */
  jwtIssuer?: string;
}

/** Limits of every route that does not set them itself. Confirmed. */
export interface IDefaultSecurity {
  /** As in {@link IRouteSecurity.ipAllowList}. Confirmed. */
  ipAllowList?: Array<string | IDomainScopedIp>;
  /** As in {@link IRouteSecurity.ipBlockList}. Confirmed. */
  ipBlockList?: Array<string | IDomainScopedIp>;
  /** Open connections of each route; 0: no limit. Confirmed. */
  maxConnections?: number;
  /** Open connections of one address on each route; 0: no limit. Ours. */
  maxConnectionsPerIP?: number;
}

/** Limits and checks of one route. Confirmed. */
export interface IRouteSecurity {
  /** Only these addresses; absent or empty: all. Confirmed; IPv6 CIDR is ours, domain-scoped entries recalled. */
  ipAllowList?: Array<string | IDomainScopedIp>;
  /** Never these addresses: block wins over allow. Confirmed; IPv6 CIDR is ours, domain-scoped entries recalled. */
  ipBlockList?: Array<string | IDomainScopedIp>;
  /** Open connections of this route; 0: no limit. Confirmed. */
  maxConnections?: number;
  /** Open connections of one address on this route; 0: no limit. Confirmed. */
  maxConnectionsPerIP?: number;
  /** Requests per time. Confirmed name, recalled members. */
  rateLimit?: IRouteRateLimit;
  /** User name and password. Confirmed name, recalled members. */
  basicAuth?: IRouteBasicAuth;
  /** Bearer tokens. Confirmed name, recalled members. */
  jwtAuth?: IRouteJwtAuth;
  /** The older spelling of both. Confirmed name, recalled members. */
  authentication?: IRouteAuthentication;
}
