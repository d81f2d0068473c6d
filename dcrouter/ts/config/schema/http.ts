/**
 * What routes change about the HTTP that passes them.
 *
 * @module
 */
import { z } from 'zod';
import { count, milliseconds, oneOrMore, text } from './common.ts';

/** Characters of one header value. */
const HEADER_CHARS_MAX = 8_192;
/** Characters of a canned body. */
const BODY_CHARS_MAX = 1_048_576;

export const headerMap = z.record(text(128), z.string().max(HEADER_CHARS_MAX));

const cors = z.strictObject({
  enabled: z.boolean().default(true).describe('`false` is as if the group were absent.'),
  allowOrigin: oneOrMore(text(HEADER_CHARS_MAX)).optional().describe('`*`, an origin or several; default `*`.'),
  allowMethods: oneOrMore(text(HEADER_CHARS_MAX))
    .optional()
    .describe('Default `GET, POST, PUT, DELETE, PATCH, OPTIONS`.'),
  allowHeaders: oneOrMore(text(HEADER_CHARS_MAX)).optional().describe('Default: those that the preflight asks for.'),
  allowCredentials: z.boolean().optional().describe('Not possible for any origin.'),
  exposeHeaders: oneOrMore(text(HEADER_CHARS_MAX)).optional().describe('Response headers that a page may read.'),
  maxAge: count(31_536_000).optional().describe('Seconds a preflight may be kept.'),
  preflight: z.boolean().optional().describe('Answer preflights here (default) or hand them to the target.'),
});

export const headers = z
  .strictObject({
    request: headerMap
      .optional()
      .describe('Set on requests to the target; an empty value removes. May hold `{clientIp}` and other templates.'),
    response: headerMap.optional().describe('Set on responses to the client; an empty value removes.'),
    cors: z.union([z.boolean(), cors]).optional().describe('Cross-origin requests; `true`: any origin, the defaults.'),
    forwarded: z
      .enum(['x-forwarded', 'forwarded', 'both', 'none'])
      .optional()
      .describe('Which fields tell the target about the client; default `x-forwarded`.'),
  })
  .meta({ id: 'headers' });

export const websocket = z
  .strictObject({
    enabled: z.boolean().default(true).describe('`false` refuses upgrades with 403.'),
    pingInterval: milliseconds().optional().describe('Milliseconds between pings to the client; 0 (default): none.'),
    pingTimeout: milliseconds(1).optional().describe('Milliseconds to wait for the pong; default 10000.'),
    maxPayloadSize: count(Number.MAX_SAFE_INTEGER, 1).optional().describe("Bytes of one frame's payload; default any."),
    customHeaders: headerMap.optional().describe('Further request headers for the upgrade.'),
    subprotocols: z.array(text(128)).max(1_000).optional().describe('Accepted subprotocols; default any.'),
    rewritePath: text(HEADER_CHARS_MAX).optional().describe("Replaces the request's path for the upgrade."),
    allowedOrigins: z.array(text(HEADER_CHARS_MAX)).max(1_000).optional().describe('Accepted origins; default any.'),
  })
  .meta({ id: 'websocket' });

const healthCheck = z.strictObject({
  path: text(HEADER_CHARS_MAX).optional().describe('Path asked with GET; 2xx and 3xx are healthy. Default: a connect.'),
  interval: milliseconds(100).optional().describe('Milliseconds between checks; default 10000.'),
  timeout: milliseconds(1).optional().describe('Milliseconds; default 5000.'),
  unhealthyThreshold: count(1_000, 1).optional().describe('Failures in a row until a target is left out; default 3.'),
  healthyThreshold: count(1_000, 1).optional().describe('Successes in a row until it is used again; default 2.'),
});

export const loadBalancing = z
  .strictObject({
    algorithm: z
      .enum(['round-robin', 'least-connections', 'ip-hash'])
      .default('round-robin')
      .describe('How one of several targets is chosen.'),
    healthCheck: healthCheck.optional().describe('Leaves targets out that do not answer.'),
  })
  .meta({ id: 'loadBalancing' });

const urlRewrite = z.strictObject({
  pattern: text(4_096).describe('A regular expression over the path and query.'),
  target: z.string().max(4_096).describe('Replacement: `$1` groups and `{name}` templates.'),
  flags: z.string().optional().describe('Flags of the expression, of `g`, `i`, `u`, `s`.'),
  onlyRewritePath: z.boolean().optional().describe('Leave the query out of matching and keep it.'),
});

const testResponse = z.strictObject({
  status: count(599, 200).describe('Status.'),
  headers: headerMap.default({}).describe('Headers beside Content-Length.'),
  body: z.string().max(BODY_CHARS_MAX).default('').describe('Text, sent as UTF-8.'),
});

const errorPage = z.strictObject({
  contentType: text(HEADER_CHARS_MAX).optional().describe('Content-Type of the body.'),
  body: z.string().max(BODY_CHARS_MAX).describe('The body.'),
});

const errorStatus = z.string().regex(/^[45]\d\d$/, { error: 'expected a status from 400 to 599' });

export const advanced = z
  .strictObject({
    timeout: milliseconds(1).optional().describe('Milliseconds an exchange may take as a whole; default any.'),
    headers: headerMap.optional().describe('Set on requests, as `headers.request`.'),
    keepAlive: z.boolean().optional().describe('Whether connections to the target are kept; default true.'),
    maxConnectionsPerTarget: count(1_000_000)
      .optional()
      .describe('Connections to each target that HTTP may use at once; further requests wait. 0: any.'),
    targetQueueSize: count(1_000_000).optional().describe('Requests that may wait for a connection; default 1000.'),
    targetQueueTimeout: milliseconds(1).optional().describe('Milliseconds that a request may wait; default 10000.'),
    urlRewrite: urlRewrite.optional().describe('Changes the path before forwarding.'),
    testResponse: testResponse.optional().describe('A fixed answer instead of a target.'),
    maxRequestBodyBytes: count(Number.MAX_SAFE_INTEGER).optional().describe('Bytes of a request body; past it 413.'),
    maxResponseBodyBytes: count(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('Bytes of a response body; past it the exchange is cut.'),
    errorPages: z
      .record(errorStatus, errorPage)
      .optional()
      .describe("Bodies of the proxy's own error responses, by status such as `502`."),
  })
  .meta({ id: 'advanced' });
