/**
 * What the HTTP fields of a route may hold.
 *
 * @module
 */
import { httpConfigLimits as limits } from '../limits/http-config.ts';
import { findLocationFault } from '../template/location.ts';
import {
  all,
  boolean,
  either,
  func,
  integer,
  isBoolean,
  isRecord,
  list,
  object,
  oneOf,
  oneOrMore,
  parsed,
  record,
  required,
  text,
  type TRule,
} from '../validation/rules.ts';
import { headerNameRule, headerValueRule } from './schema-values.ts';

const headerValues = record(headerValueRule, headerNameRule);

/** Fields that belong to one connection or to framing; a route that sets them would break the message. */
const FRAMING = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'te', 'trailer', 'upgrade'];

const headerEdits: TRule = all(headerValues, (value, field, report) => {
  if (!isRecord(value)) return;
  for (const name of Object.keys(value)) {
    if (FRAMING.includes(name.toLowerCase())) {
      report('ROUTE_CONFLICT', `${field}.${name}`, 'belongs to the connection and is set by the proxy; remove it');
    }
  }
});

const origin = parsed(
  (value) => value === '*' || value === 'null' || isOrigin(value),
  'an origin such as https://example.com, or *',
);

function isOrigin(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/\s?#]+$/i.test(value);
}

const corsRule: TRule = all(
  object({
    enabled: required(boolean),
    allowOrigin: oneOrMore(origin, limits.corsEntriesMax),
    allowMethods: oneOrMore(text(limits.headerValueCharsMax), limits.corsEntriesMax),
    allowHeaders: oneOrMore(text(limits.headerValueCharsMax), limits.corsEntriesMax),
    allowCredentials: boolean,
    exposeHeaders: oneOrMore(text(limits.headerValueCharsMax), limits.corsEntriesMax),
    maxAge: integer(0, limits.corsMaxAgeSecondsMax, 'seconds'),
    preflight: boolean,
  }),
  (value, field, report) => {
    if (!isRecord(value) || value.allowCredentials !== true) return;
    const { allowOrigin } = value;
    if (allowOrigin !== undefined && allowOrigin !== '*' && !(Array.isArray(allowOrigin) && allowOrigin.includes('*')))
      return;
    report(
      'ROUTE_CONFLICT',
      `${field}.allowCredentials`,
      'cannot be true for any origin (browsers refuse it); list the origins in allowOrigin',
    );
  },
);

export const headersRule = object({
  request: headerEdits,
  response: headerEdits,
  cors: either('true, false or an object', [isBoolean, boolean], [isRecord, corsRule]),
  forwarded: oneOf('x-forwarded', 'forwarded', 'both', 'none'),
});

const pathText = parsed((value) => /^\/[^\s?#]*$/.test(value), 'a path that starts with /');

export const websocketRule = object({
  enabled: required(boolean),
  pingInterval: integer(0, limits.timerMsMax, 'milliseconds'),
  pingTimeout: integer(1, limits.timerMsMax, 'milliseconds'),
  maxPayloadSize: integer(1, Number.MAX_SAFE_INTEGER, 'bytes'),
  customHeaders: headerEdits,
  subprotocols: list(headerNameRule, 0, limits.corsEntriesMax),
  rewritePath: pathText,
  allowedOrigins: list(origin, 0, limits.corsEntriesMax),
  authenticateRequest: func,
});

export const loadBalancingRule = object({
  algorithm: required(oneOf('round-robin', 'least-connections', 'ip-hash')),
  healthCheck: object({
    path: pathText,
    interval: integer(limits.healthIntervalMsMin, limits.timerMsMax, 'milliseconds'),
    timeout: integer(1, limits.timerMsMax, 'milliseconds'),
    unhealthyThreshold: integer(1, limits.healthThresholdMax),
    healthyThreshold: integer(1, limits.healthThresholdMax),
  }),
});

const urlRewriteRule: TRule = all(
  object({
    pattern: required(text(limits.patternCharsMax)),
    target: required(text(limits.patternCharsMax, 0)),
    flags: parsed((value) => /^(?!.*(.).*\1)[gius]*$/.test(value), 'flags of g, i, u, s, each once'),
    onlyRewritePath: boolean,
  }),
  (value, field, report) => {
    if (!isRecord(value) || typeof value.pattern !== 'string') return;
    try {
      RegExp(value.pattern, typeof value.flags === 'string' ? value.flags : '');
    } catch (error) {
      report('ROUTE_BAD_VALUE', `${field}.pattern`, `is no regular expression: ${(error as Error).message}`);
    }
  },
);

const location: TRule = all(text(limits.redirectCharsMax), (value, field, report) => {
  if (typeof value !== 'string' || value === '') return;
  const fault = findLocationFault(value, limits.redirectVariablesMax);
  if (fault !== null) report('ROUTE_BAD_VALUE', field, fault);
});

export const redirectRule = object({
  to: required(location),
  status: oneOf(301, 302, 303, 307, 308),
});

const errorStatus = parsed((value) => /^[45]\d\d$/.test(value), 'a status from 400 to 599');

export const advancedRule = object(
  {
    timeout: integer(1, limits.timerMsMax, 'milliseconds'),
    headers: headerEdits,
    keepAlive: boolean,
    maxConnectionsPerTarget: integer(0, limits.targetConnectionsMax),
    targetQueueSize: integer(0, limits.targetConnectionsMax),
    targetQueueTimeout: integer(1, limits.timerMsMax, 'milliseconds'),
    urlRewrite: urlRewriteRule,
    testResponse: object({
      status: required(integer(200, 599)),
      headers: required(headerEdits),
      body: required(text(limits.cannedBodyCharsMax, 0)),
    }),
    maxRequestBodyBytes: integer(0, Number.MAX_SAFE_INTEGER, 'bytes'),
    maxResponseBodyBytes: integer(0, Number.MAX_SAFE_INTEGER, 'bytes'),
    errorPages: record(
      object({ contentType: headerValueRule, body: required(text(limits.cannedBodyCharsMax, 0)) }),
      errorStatus,
    ),
  },
  { staticFiles: 'is not here: files are not served, forward to a file server' },
);
