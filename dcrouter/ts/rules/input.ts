/**
 * Facts as JSON: what a test gives, and what is recorded.
 *
 * @module
 */
import { normalizeIp } from '@dcrouter/smartproxy';
import { Facts, type IHeaderSource } from './facts.ts';
import { normalName } from './lang/lists.ts';
import { ruleLimits } from './limits.ts';
import type { RuleSet } from './ruleset.ts';
import { STAGE, STAGE_NAMES } from './stages.ts';
import type { IFactsInput, IRecordedFacts, TStage } from './types.ts';

/** Facts from JSON, for a test against `set`. */
export function factsOf(input: IFactsInput, set: RuleSet): Facts {
  const facts = new Facts();
  const { client, conn, tls, http, dns, smtp } = input;
  const stage = stageOf(input);
  facts.stage = STAGE[stage];
  facts.atMs = input.atMs ?? Number.NaN;
  facts.clientIp = client?.ip === undefined ? undefined : normalizeIp(client.ip);
  facts.clientPort = client?.port ?? Number.NaN;
  facts.tlsSni = name(tls?.sni);
  facts.tlsVersion = tls?.version;
  if (stage === 'connection' || stage === 'request') {
    facts.connPort = conn?.port ?? Number.NaN;
    facts.connProtocol = conn?.protocol ?? http?.scheme ?? (tls === undefined ? undefined : 'tls');
  }
  if (http !== undefined) setRequest(facts, http);
  facts.routeName = input.route?.name;
  facts.dnsQname = name(dns?.qname);
  facts.dnsQtype = dns?.qtype?.toUpperCase();
  facts.dnsQclass = dns === undefined ? undefined : (dns.qclass ?? 'IN');
  facts.dnsTransport = dns === undefined ? undefined : (dns.transport ?? 'udp');
  facts.dnsDo = dns?.do;
  facts.dnsRd = dns?.rd;
  facts.smtpHelo = name(smtp?.helo);
  facts.smtpFrom = smtp?.from?.toLowerCase();
  facts.smtpTo = smtp?.to?.toLowerCase();
  facts.smtpAuthUser = smtp?.auth_user;
  facts.smtpSize = smtp?.size ?? Number.NaN;
  for (const tag of input.tags ?? []) {
    const index = set.tags.get(tag);
    if (index !== undefined) facts.setTag(index);
  }
  return facts;
}

function stageOf(input: IFactsInput): TStage {
  if (input.stage !== undefined) return input.stage;
  if (input.dns !== undefined) return 'query';
  if (input.smtp !== undefined) return 'mail';
  return input.http === undefined ? 'connection' : 'request';
}

function name(text: string | undefined): string | undefined {
  return text === undefined ? undefined : normalName(text);
}

function setRequest(facts: Facts, http: NonNullable<IFactsInput['http']>): void {
  const [path, query] = (http.path ?? '/').split('?', 2);
  facts.httpMethod = http.method ?? 'GET';
  facts.httpScheme = http.scheme ?? 'http';
  facts.httpHost = name(http.host);
  facts.httpPath = path;
  facts.httpQuery = http.query ?? query ?? '';
  facts.httpVersion = http.version ?? '1.1';
  facts.message = new GivenHeaders(http.headers ?? {});
}

class GivenHeaders implements IHeaderSource {
  readonly #values: ReadonlyMap<string, string>;

  constructor(headers: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
  }

  header(key: string): string | undefined {
    return this.#values.get(key);
  }
}

/** Never kept: what they hold lets somebody in. */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Headers as they may be kept. */
export function recordedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([key]) => !SECRET.has(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, value.slice(0, ruleLimits.recordedValueChars)]));
}

/** Facts as JSON; only what is there. */
export function inputOf(facts: Facts, headers: Readonly<Record<string, string>> | undefined): IFactsInput {
  const stage = STAGE_NAMES.find((known) => STAGE[known] === facts.stage)!;
  const input: IFactsInput = {
    stage,
    client: { ip: facts.clientIp, port: number(facts.clientPort) },
    conn: { port: number(facts.connPort), protocol: facts.connProtocol },
    tls: { sni: facts.tlsSni, version: facts.tlsVersion },
    http: {
      method: facts.httpMethod,
      scheme: facts.httpScheme,
      host: facts.httpHost,
      path: facts.httpPath,
      query: facts.httpQuery,
      version: facts.httpVersion,
      headers: headers === undefined ? undefined : recordedHeaders(headers),
    },
    dns: {
      qname: facts.dnsQname,
      qtype: facts.dnsQtype,
      qclass: facts.dnsQclass,
      transport: facts.dnsTransport,
      do: facts.dnsDo,
      rd: facts.dnsRd,
    },
    smtp: {
      helo: facts.smtpHelo,
      from: facts.smtpFrom,
      to: facts.smtpTo,
      auth_user: facts.smtpAuthUser,
      size: number(facts.smtpSize),
    },
    route: { name: facts.routeName },
  };
  return prune(input);
}

function number(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

/** Without members that are undefined, and without groups that are empty then. */
function prune(input: IFactsInput): IFactsInput {
  const groups = Object.entries(input).map(([key, value]): [string, unknown] => {
    if (typeof value !== 'object') return [key, value];
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return [key, members.length === 0 ? undefined : Object.fromEntries(members)];
  });
  return Object.fromEntries(groups.filter(([, value]) => value !== undefined));
}

/** The latest of what happened, in a ring. */
export class Recorder {
  readonly #max: number;
  readonly #ring: IRecordedFacts[] = [];
  #lastId = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(facts: Omit<IRecordedFacts, 'id'>): void {
    const id = (this.#lastId += 1);
    this.#ring[(id - 1) % this.#max] = { id, ...facts };
  }

  /** Newest first. */
  recent(limit: number): IRecordedFacts[] {
    return this.#ring.toSorted((a, b) => b.id - a.id).slice(0, limit);
  }
}
