/**
 * Where a redirect leads: a Location with variables, filled in so that neither a client's Host nor anything else that it
 * sends can lead to another place than the one that was written.
 *
 * @module
 */
import { isIPv6 } from 'node:net';
import type { IRouteContext } from '../interfaces/context.ts';
import { lookUp, parseTemplate, type IVariable } from './template.ts';

/** What a location is made of, as the request has it. */
export interface ILocationFacts {
  /** Host without port and brackets, lower case; '' when the client named none. */
  readonly host: string;
  /** Origin-form target with its query, or `*`. */
  readonly target: string;
  /** Asked for only where other variables need it. */
  readonly context: () => IRouteContext;
}

/** Why a location could not be made for a request. */
export type TLocationFault = 'no-host' | 'bad-host' | 'bad-target';

/** As `IRouteContext` has them, `path` with the query. */
const PLAIN_NAMES =
  'domain path query port method clientIp serverIp isTls tlsVersion routeName routeId timestamp connectionId'.split(
    ' ',
  );
/** They need a name behind a dot. */
const GROUPS = ['headers', 'pathParams'];

/** RFC 3986 §2: a literal may hold these and no others; a percent sign begins an escape. */
const LITERAL = /^(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;
/** What a path or query may not hold as it came: a `#` would begin a fragment, the rest is no part of a URL. */
const NOT_IN_TARGET = /[^A-Za-z0-9._~:/?@!$&'()*+,;=%[\]-]/g;
/** The same of one segment, which must not become two. */
const NOT_IN_SEGMENT = /[^A-Za-z0-9._~:@!$&'()*+,;=%-]/g;
/** Anything else is data: only RFC 3986 §2.3 unreserved characters stay. */
const NOT_UNRESERVED = /[^A-Za-z0-9._~-]/g;
/** The Host's syntax allows more, such as `a;b`; this is what can stand in a URL and mean that host. */
const HOST_NAME = /^[a-z0-9._-]+$/;

const SAMPLE: Readonly<Record<string, string>> = { domain: 'a.test', port: '1', path: '/a' };

export class Location {
  readonly #parts: ReadonlyArray<string | IVariable>;
  readonly #isRelative: boolean;

  /** Of a text in which {@link findLocationFault} finds nothing. */
  constructor(source: string) {
    this.#parts = parseTemplate(source);
    this.#isRelative = source.startsWith('/');
  }

  /** The location of one request, ASCII without blanks and controls. */
  render(facts: ILocationFacts): { readonly location: string } | { readonly fault: TLocationFault } {
    let context: IRouteContext | undefined;
    let location = '';
    for (const part of this.#parts) {
      if (typeof part === 'string') location += part;
      else if (part.source === '{domain}') {
        const host = hostText(facts.host);
        if (host === null) return { fault: facts.host === '' ? 'no-host' : 'bad-host' };
        location += host;
      } else if (part.source === '{path}') {
        // Only a path can follow a host: `https://a.test*` would be another one.
        if (!facts.target.startsWith('/')) return { fault: 'bad-target' };
        location += escape(facts.target, NOT_IN_TARGET);
      } else {
        context ??= facts.context();
        location += valueOf(part, context);
      }
    }
    // `//name` is a host to a browser, not a path (RFC 3986 §4.2).
    if (this.#isRelative && location.startsWith('//')) return { fault: 'bad-target' };
    return { location };
  }
}

/** What keeps a text from being a location, as the end of a sentence that begins with its name; null when nothing does. */
export function findLocationFault(source: string, variablesMax: number): string | null {
  const shown = JSON.stringify(source);
  const parts = parseTemplate(source);
  const variables = parts.filter((part) => typeof part !== 'string');
  if (variables.length > variablesMax) return `has ${variables.length} variables; at most ${variablesMax} are allowed`;
  const unknown = variables.find((variable) => !isKnown(variable));
  if (unknown !== undefined) {
    const known = [...PLAIN_NAMES, ...GROUPS.map((name) => `${name}.…`)].join(', ');
    return `is ${shown}, in which ${unknown.source} is no variable; known are ${known}`;
  }
  if (parts.some((part) => typeof part === 'string' && !LITERAL.test(part))) {
    return `is ${shown}, which holds a character that no URL may hold; percent-encode it`;
  }
  if (source.startsWith('/')) {
    const second = parts[0] === '/' ? parts[1] : source[1];
    const isPath = typeof second === 'object' ? second.source !== '{path}' : second !== '/';
    return isPath ? null : `is ${shown}, which names another host, not a path; write one slash, or a whole URL`;
  }
  return /^https?:\/\//i.test(source)
    ? findAuthorityFault(shown, parts)
    : `is ${shown}; expected http://…, https://… or a path that begins with /`;
}

/** Up to where the host ends, only variables may stand that the proxy knows to be one. */
function findAuthorityFault(shown: string, parts: ReadonlyArray<string | IVariable>): string | null {
  let sample = '';
  for (const part of parts) {
    if (/^https?:\/\/[^/?#]+[/?#]/i.test(sample)) break;
    if (typeof part === 'string') sample += part;
    else if (Object.hasOwn(SAMPLE, part.source.slice(1, -1))) sample += SAMPLE[part.source.slice(1, -1)];
    else {
      return `is ${shown}, in which ${part.source} is part of the host; only {domain} and {port} may be, or clients choose where it leads`;
    }
  }
  // Browsers read past more slashes, and find the host in what was meant as a path; before an @ there is none.
  const authority = /^https?:\/\/([^/?#]*)/i.exec(sample)?.[1] ?? '';
  if (authority !== '' && !authority.includes('@') && URL.parse(sample) !== null) return null;
  return `is ${shown}, which has no valid host; expected one such as https://{domain}{path}`;
}

function isKnown({ steps: [name = '', ...more] }: IVariable): boolean {
  return GROUPS.includes(name) ? more.length === 1 : more.length === 0 && PLAIN_NAMES.includes(name);
}

/** What is absent is empty: a client must not be sent to a place with braces in it. */
function valueOf(variable: IVariable, context: IRouteContext): string {
  const value = lookUp(variable.steps, context);
  if (value === undefined) return '';
  const [group] = variable.steps;
  if (group === 'query') return escape(value, NOT_IN_TARGET);
  if (group === 'pathParams') return escape(value, NOT_IN_SEGMENT);
  // Fields are read as latin1, so their characters are the bytes that came.
  return escape(group === 'headers' ? value : Buffer.from(value, 'utf8').toString('latin1'), NOT_UNRESERVED);
}

/** The host as a URL writes it; null when it cannot stand in one. A zone index means nothing to anybody else. */
function hostText(host: string): string | null {
  if (HOST_NAME.test(host)) return host;
  return isIPv6(host) && !host.includes('%') ? `[${host}]` : null;
}

/** Percent-encodes each refused byte of a latin1 text. */
function escape(text: string, refused: RegExp): string {
  return text.replaceAll(refused, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
