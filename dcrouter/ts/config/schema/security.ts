/**
 * Who may use a route, how often, and how they prove who they are.
 *
 * @module
 */
import { z } from 'zod';
import { count, secret, text } from './common.ts';

/** Requests, connections: more than any process has. */
const COUNT_MAX = 1_000_000_000;

const listEntry = z.union([
  text(128),
  z.strictObject({
    ip: text(128).describe('Address, network, range or wildcard.'),
    domains: z.array(text(253)).min(1).max(1_000).describe('Names for which the entry counts.'),
  }),
]);

/** What also holds for every route by default. */
const limits = {
  ipAllowList: z
    .array(listEntry)
    .optional()
    .describe('Only these addresses: exact, `10.0.0.0/8`, `a-b`, `10.0.*`; default all.'),
  ipBlockList: z.array(listEntry).optional().describe('Never these addresses; wins over the allow list.'),
  maxConnections: count(COUNT_MAX).optional().describe('Open connections of a route; 0: any.'),
  maxConnectionsPerIP: count(COUNT_MAX).optional().describe('Open connections of one address on a route; 0: any.'),
};

const enabled = z.boolean().default(true).describe('`false` is as if the group were absent.');
const excludePaths = z.array(text(4_096)).max(1_000).optional();

const rateLimit = z.strictObject({
  enabled,
  maxRequests: count(COUNT_MAX, 1).describe('Requests per window, also the burst.'),
  window: count(86_400, 1).describe('Seconds.'),
  keyBy: z.enum(['ip', 'path', 'header']).optional().describe('What shares one budget; default `ip`.'),
  headerName: text(128).optional().describe('Needed with `keyBy: header`.'),
  errorMessage: z.string().max(65_536).optional().describe('Body of the 429.'),
});

const basicAuth = z.strictObject({
  enabled,
  users: z
    .array(
      z.strictObject({
        username: text(1_024).describe('Without a colon.'),
        password: secret(1_024).optional().describe('In clear text; kept as a keyed hash only.'),
        passwordHash: secret(1_024).optional().describe('`$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, instead.'),
      }),
    )
    .min(1)
    .describe('Who may pass.'),
  realm: text(1_024).optional().describe('Named in the challenge; default `Restricted`.'),
  excludePaths: excludePaths.describe('Path patterns that need no authentication.'),
});

const jwtAlgorithm = z.enum([
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
]);

const jwtAuth = z.strictObject({
  enabled,
  secret: secret(65_536).describe('Shared secret of the HS algorithms, or a public key or certificate in PEM.'),
  algorithm: jwtAlgorithm.optional().describe('The one that is accepted; default HS256, or by the kind of key.'),
  issuer: text(2_048).optional().describe('Required value of `iss`.'),
  audience: text(2_048).optional().describe('Required in `aud`.'),
  expiresIn: z
    .union([count(315_360_000, 1), text(32)])
    .optional()
    .describe('Greatest age of a token, in seconds or as `15m`, `1h`, `7d`.'),
  excludePaths: excludePaths.describe('Path patterns that need no token.'),
  clockToleranceSeconds: count(300).optional().describe('Seconds by which clocks may differ; default 0.'),
});

const authentication = z.strictObject({
  type: z.enum(['basic', 'jwt']).describe('Which of both.'),
  credentials: z
    .array(
      z.strictObject({
        username: text(1_024).describe('Without a colon.'),
        password: secret(1_024).describe('In clear text.'),
      }),
    )
    .optional()
    .describe('Users of `basic`.'),
  realm: text(1_024).optional().describe('As in `basicAuth`.'),
  jwtSecret: secret(65_536).optional().describe('Secret of `jwt`.'),
  jwtIssuer: text(2_048).optional().describe('As `issuer` in `jwtAuth`.'),
});

/** Limits of every route that does not set them itself. */
export const defaultSecurity = z.strictObject(limits);

export const routeSecurity = z.strictObject({
  ...limits,
  rateLimit: rateLimit.optional().describe('Requests per time; past it 429.'),
  basicAuth: basicAuth.optional().describe('User name and password.'),
  jwtAuth: jwtAuth.optional().describe('Bearer tokens.'),
  authentication: authentication
    .meta({ deprecated: true, instead: 'use basicAuth or jwtAuth' })
    .optional()
    .describe('The older spelling of both.'),
});
