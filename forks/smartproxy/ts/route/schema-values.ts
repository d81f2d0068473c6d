/**
 * What single values of a route may be: ports, names, addresses, paths, header fields.
 *
 * @module
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { routeLimits } from '../limits/route.ts';
import { parseIpPattern } from '../security/ip-pattern.ts';
import {
  all,
  anything,
  either,
  integer,
  isList,
  isNumber,
  isRecord,
  isRegExp,
  isString,
  list,
  object,
  parsed,
  record,
  required,
  text,
  type TRule,
} from '../validation/rules.ts';
import { normalizeTlsVersion } from './conditions.ts';
import { parseDomainPattern } from './domain.ts';
import { bareHost, isHost } from './host.ts';
import { PORT_MAX } from './ports.ts';

/** A field name of RFC 9110 §5.1. */
export const headerNameRule = parsed((value) => succeeds(() => validateHeaderName(value)), 'a header name');

/** What frames or routes a message, or says whose it is: no field that a route may put a fact of its own into. */
const TAKEN = new Set(
  'host content-length transfer-encoding connection keep-alive proxy-connection te trailer upgrade expect'.split(' '),
);

/** The name of a field that the proxy fills in. */
export const ownHeaderRule: TRule = all(headerNameRule, (value, field, report) => {
  if (typeof value !== 'string' || !TAKEN.has(value.toLowerCase())) return;
  report('ROUTE_CONFLICT', field, `is "${value}", which frames or routes the message; expected another header`);
});

/** Characters that RFC 9110 §5.5 allows; a line break here would split the message. */
export const headerValueRule = parsed(
  (value) => succeeds(() => validateHeaderValue('x', value)),
  'a header value without control characters',
);

export const portRule = integer(1, PORT_MAX);

const portRangeRule: TRule = all(
  object({ from: required(portRule), to: required(portRule) }),
  (value, field, report) => {
    const { from, to } = value as { from: number; to: number };
    if (from > to) report('ROUTE_BAD_VALUE', field, `runs from ${from} down to ${to}; expected from ≤ to`);
  },
);

const portOrRange = either('a port or { from, to }', [isNumber, portRule], [isRecord, portRangeRule]);

export const portsRule: TRule = either(
  'a port, { from, to } or a list of them',
  [isNumber, portRule],
  [isRecord, portRangeRule],
  [isList, list(portOrRange, 1, routeLimits.portsMax)],
);

export const domainRule = parsed(parseDomainPattern, 'a name such as example.com, *.example.com, example.* or *');

export const ipPatternRule = parsed(
  parseIpPattern,
  'an address, a network such as 10.0.0.0/8 or 2001:db8::/32, a range a-b, or a wildcard such as 10.0.*',
);

/** Paths start with a slash or a star: anything else can never match. */
export const pathRule: TRule = all(text(routeLimits.pathCharsMax), (value, field, report) => {
  if (typeof value !== 'string' || value === '') return;
  if (!/^[/*:]/.test(value)) report('ROUTE_BAD_VALUE', field, `is "${value}"; a path pattern starts with / or *`);
  if (/[?#\s]/.test(value)) report('ROUTE_BAD_VALUE', field, `is "${value}"; a path has no ?, # or blank`);
  if (/:[^/]+\*/.test(value)) {
    report('ROUTE_BAD_VALUE', field, `is "${value}"; a name runs to the end of its segment, so no * can follow in it`);
  }
  if (/:(?:[/*]|$)/.test(value)) report('ROUTE_BAD_VALUE', field, `is "${value}"; a : must be followed by a name`);
});

export const headerMatchRule = record(
  either('a text or a RegExp', [isString, text(routeLimits.headerCharsMax, 0)], [isRegExp, anything]),
  headerNameRule,
);

export const methodRule = parsed((value) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}$/.test(value), 'a method such as GET');

export const tlsVersionRule = parsed(
  (value) => /^TLSv1(?:\.[123])?$/.test(normalizeTlsVersion(value)),
  'TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3',
);

/** A name, an address, or a bracketed IPv6 address. */
export const hostRule = parsed(
  (value) => isHost(bareHost(value)),
  'a host name or an address, without scheme and port',
);

function succeeds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
