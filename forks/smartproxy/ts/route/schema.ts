/**
 * What the fields of a route may hold.
 *
 * @module
 */
import { routeLimits } from '../limits/route.ts';
import { securityLimits } from '../limits/security.ts';
import {
  all,
  anything,
  boolean,
  either,
  func,
  integer,
  isFunction,
  isList,
  isNumber,
  isRecord,
  isString,
  list,
  object,
  oneOf,
  oneOrMore,
  required,
  text,
  type TRule,
  type TShape,
} from '../validation/rules.ts';
import { advancedRule, headersRule, loadBalancingRule, redirectRule, websocketRule } from './schema-http.ts';
import { securityRule } from './schema-security.ts';
import { tlsRule } from './schema-tls.ts';
import {
  domainRule,
  headerMatchRule,
  hostRule,
  ipPatternRule,
  methodRule,
  pathRule,
  portRule,
  portsRule,
  tlsVersionRule,
} from './schema-values.ts';

export const matchShape: TShape = {
  ports: required(portsRule),
  domains: oneOrMore(domainRule, routeLimits.domainsPerRouteMax),
  path: pathRule,
  clientIp: list(ipPatternRule, 0, securityLimits.listEntriesMax),
  tlsVersion: list(tlsVersionRule, 0, 8),
  headers: headerMatchRule,
  method: oneOrMore(methodRule, 64),
  protocol: oneOf('http', 'tcp'),
};

const sendProxyProtocolRule = oneOf(true, false, 'v1', 'v2');

const targetMatchShape: TShape = {
  ports: list(portRule, 1, routeLimits.portsMax),
  path: pathRule,
  headers: headerMatchRule,
  method: list(methodRule, 1, 64),
};

const targetShape: TShape = {
  host: required(
    either(
      'a host, a list of hosts or a function',
      [isString, hostRule],
      [isList, list(hostRule, 1, routeLimits.targetsPerRouteMax)],
      [isFunction, anything],
    ),
  ),
  port: required(
    either(
      'a port, "preserve", "srv" or a function',
      [isNumber, portRule],
      [isString, oneOf('preserve', 'srv')],
      [isFunction, anything],
    ),
  ),
  match: object(targetMatchShape),
  priority: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  tls: tlsRule,
  websocket: websocketRule,
  loadBalancing: loadBalancingRule,
  sendProxyProtocol: sendProxyProtocolRule,
  headers: headersRule,
  advanced: advancedRule,
  weight: integer(0, routeLimits.weightMax),
};

/** RFC 2782: `_service._protocol.name`. */
const SERVICE_NAME = /^_[^.]+\._[^.]+\../;

const targetRule: TRule = all(object(targetShape), (value, field, report) => {
  if (!isRecord(value)) return;
  const { host, port } = value as { host?: unknown; port?: unknown };
  if (port !== 'srv' || (typeof host === 'string' && SERVICE_NAME.test(host))) return;
  const name = typeof host === 'string' ? `"${host}"` : 'no single name';
  report('ROUTE_BAD_VALUE', `${field}.host`, `is ${name}; with port "srv" it is one such as _http._tcp.example.com`);
});

/** Values of newer or other upstream versions get a sentence of their own. */
function unsupported(rule: TRule, values: Readonly<Record<string, string>>): TRule {
  return (value, field, report) => {
    const message = typeof value === 'string' ? values[value] : undefined;
    if (message !== undefined) report('ROUTE_UNSUPPORTED', field, message);
    else rule(value, field, report);
  };
}

export const actionShape: TShape = {
  type: required(
    unsupported(oneOf('forward', 'socket-handler'), {
      redirect: 'is "redirect"; use type "forward" with redirect: { to, status }',
      block: 'is "block"; use type "socket-handler" with SocketHandlers.block',
      static: 'is "static"; files are not served, forward to a file server',
    }),
  ),
  targets: list(targetRule, 0, routeLimits.targetsPerRouteMax),
  target: targetRule,
  tls: tlsRule,
  socketHandler: func,
  redirect: redirectRule,
  forwardingEngine: unsupported(oneOf('node'), {
    nftables: 'is "nftables"; connections are counted where they are forwarded, so only "node" is possible',
  }),
  sendProxyProtocol: sendProxyProtocolRule,
  options: object({
    backendProtocol: unsupported(oneOf('http1'), {
      auto: 'is "auto"; targets are spoken to in HTTP/1.1, use "http1"',
      http2: 'is "http2"; targets are spoken to in HTTP/1.1, use "http1"',
      http3: 'is "http3"; targets are spoken to in HTTP/1.1, use "http1"',
    }),
  }),
  websocket: websocketRule,
  loadBalancing: loadBalancingRule,
  advanced: advancedRule,
};

/** Members of upstream's that are for what other programs do. */
const MATCH_ELSEWHERE = {
  transport: 'is not here: connections are TCP; leave UDP and QUIC to another program on the port',
} as const;

const ACTION_ELSEWHERE = {
  nftables: 'is not here: connections are counted where they are forwarded; leave it out, or run nft beside the proxy',
  udp: 'is not here: connections are TCP; leave UDP and QUIC to another program on the port',
  datagramHandler: 'is not here: connections are TCP; leave UDP and QUIC to another program on the port',
} as const;

export const routeShape: TShape = {
  match: required(object(matchShape, MATCH_ELSEWHERE)),
  action: required(object(actionShape, ACTION_ELSEWHERE)),
  name: text(routeLimits.nameCharsMax),
  id: text(routeLimits.nameCharsMax),
  enabled: boolean,
  priority: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  description: text(Number.MAX_SAFE_INTEGER, 0),
  tags: list(text(routeLimits.nameCharsMax), 0, routeLimits.targetsPerRouteMax),
  security: securityRule,
  headers: headersRule,
  metadata: anything,
};

export const routeRule = object(routeShape);
