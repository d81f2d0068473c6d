/**
 * What the security fields of a route may hold.
 *
 * @module
 */
import { securityLimits as limits } from '../limits/security.ts';
import { parsePasswordHash } from '../security/password-hash.ts';
import { JWT_ALGORITHMS, parseDuration } from '../security/jwt-config.ts';
import {
  all,
  boolean,
  either,
  integer,
  isNumber,
  isRecord,
  isString,
  list,
  object,
  oneOf,
  parsed,
  required,
  text,
  type TRule,
} from '../validation/rules.ts';
import { domainRule, headerNameRule, ipPatternRule, pathRule } from './schema-values.ts';

const listEntry = either(
  'an address pattern or { ip, domains }',
  [isString, ipPatternRule],
  [isRecord, object({ ip: required(ipPatternRule), domains: required(list(domainRule, 1, limits.scopedDomainsMax)) })],
);

const ipList = list(listEntry, 0, limits.listEntriesMax);
const connections = integer(0, Number.MAX_SAFE_INTEGER, 'connections, 0: no limit');

const rateLimitRule: TRule = all(
  object({
    enabled: required(boolean),
    maxRequests: required(integer(1, limits.rateRequestsMax, 'requests per window')),
    window: required(integer(1, limits.rateWindowSecondsMax, 'seconds')),
    keyBy: oneOf('ip', 'path', 'header'),
    headerName: headerNameRule,
    errorMessage: text(limits.errorMessageCharsMax, 0),
  }),
  (value, field, report) => {
    if (isRecord(value) && value.keyBy === 'header' && value.headerName === undefined) {
      report('ROUTE_MISSING', `${field}.headerName`, 'is missing; keyBy "header" needs the header\'s name');
    }
  },
);

const username = parsed((value) => value !== '' && !value.includes(':'), 'a user name without a colon (RFC 7617)');
const realm = parsed((value) => /^[\x20-\x7e]+$/.test(value), 'printable ASCII text');

const userRule: TRule = all(
  object({
    username: required(username),
    password: text(limits.passwordCharsMax),
    passwordHash: parsed(parsePasswordHash, '$scrypt$ln=…,r=…,p=…$salt$hash as hashPassword makes it'),
  }),
  (value, field, report) => {
    if (!isRecord(value)) return;
    const given = [value.password, value.passwordHash].filter((secret) => secret !== undefined).length;
    if (given === 1) return;
    report(
      'ROUTE_CONFLICT',
      field,
      `has ${given === 0 ? 'no' : 'both'} password and passwordHash; expected exactly one`,
    );
  },
);

const basicAuthRule = object({
  enabled: required(boolean),
  users: required(list(userRule, 1, limits.usersMax)),
  realm,
  excludePaths: list(pathRule, 0, limits.excludePathsMax),
});

const jwtAuthRule = object({
  enabled: required(boolean),
  secret: required(text(limits.keyCharsMax)),
  algorithm: oneOf(...JWT_ALGORITHMS),
  issuer: text(limits.claimCharsMax),
  audience: text(limits.claimCharsMax),
  expiresIn: either(
    'seconds or a duration such as 1h',
    [isNumber, integer(1, limits.tokenAgeSecondsMax, 'seconds')],
    [isString, parsed(parseDuration, 'a duration such as 30s, 15m, 1h or 7d')],
  ),
  excludePaths: list(pathRule, 0, limits.excludePathsMax),
  clockToleranceSeconds: integer(0, limits.clockToleranceSecondsMax, 'seconds'),
});

const authenticationRule: TRule = (value, field, report) => {
  if (isRecord(value) && (value.type === 'digest' || value.type === 'oauth')) {
    return report('ROUTE_UNSUPPORTED', `${field}.type`, `is "${value.type}"; use basicAuth or jwtAuth`);
  }
  authenticationShape(value, field, report);
  if (!isRecord(value)) return;
  if (value.type === 'basic' && value.credentials === undefined) {
    report('ROUTE_MISSING', `${field}.credentials`, 'is missing; type "basic" needs [{ username, password }]');
  }
  if (value.type === 'jwt' && value.jwtSecret === undefined) {
    report('ROUTE_MISSING', `${field}.jwtSecret`, 'is missing; type "jwt" needs the secret or public key');
  }
};

const authenticationShape = object({
  type: required(oneOf('basic', 'jwt')),
  credentials: list(
    object({ username: required(username), password: required(text(limits.passwordCharsMax)) }),
    1,
    limits.usersMax,
  ),
  realm,
  jwtSecret: text(limits.keyCharsMax),
  jwtIssuer: text(limits.claimCharsMax),
});

/** Under `defaults` stand only limits that hold for tunnels too: a check that tunnels pass by would be none. */
export const defaultSecurityRule = object({
  ipAllowList: ipList,
  ipBlockList: ipList,
  maxConnections: connections,
  maxConnectionsPerIP: connections,
});

export const securityRule = object({
  ipAllowList: ipList,
  ipBlockList: ipList,
  maxConnections: connections,
  maxConnectionsPerIP: connections,
  rateLimit: rateLimitRule,
  basicAuth: basicAuthRule,
  jwtAuth: jwtAuthRule,
  authentication: authenticationRule,
});
