/**
 * Every field that expressions can name: its type, where it is known, and how it is read.
 *
 * @module
 */
import { domainOf, type Facts } from '../facts.ts';
import { ALL_STAGES, STAGE } from '../stages.ts';
import type { Calendar } from '../calendar.ts';

export type TType = 'boolean' | 'text' | 'number' | 'address' | 'date';

/** What texts of a field look like: literals beside it are brought into the same form, or refused. */
export type TForm = 'any' | 'host' | 'path' | 'mailbox' | 'upper' | { readonly oneOf: readonly string[] };

export interface IField {
  readonly type: TType;
  readonly form: TForm;
  /** Bits of the stages at which it can be known. */
  readonly stages: number;
  readonly meaning: string;
  /** `undefined` (NaN for numbers) when it is absent. Dates are texts. */
  readonly read: (facts: Facts, calendar: Calendar) => boolean | string | number | undefined;
}

const CONNECTED = STAGE.connection | STAGE.request;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** Those that `node:http` and our parser know; others never reach a rule. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'REPORT'];

function text(stages: number, meaning: string, read: IField['read'], form: TForm = 'any'): IField {
  return { type: 'text', form, stages, meaning, read };
}

function number(stages: number, meaning: string, read: IField['read']): IField {
  return { type: 'number', form: 'any', stages, meaning, read };
}

export const FIELDS: Readonly<Record<string, IField>> = {
  'client.ip': {
    type: 'address',
    form: 'any',
    stages: ALL_STAGES,
    meaning: 'address of the client, as a trusted PROXY protocol header gives it where there is one',
    read: (facts) => facts.clientIp,
  },
  'client.port': number(ALL_STAGES, 'port of the client', (facts) => facts.clientPort),
  'conn.port': number(CONNECTED, 'port that the client connected to', (facts) => facts.connPort),
  'conn.protocol': text(
    CONNECTED,
    'what came: `tcp`, `tls` or `http` on connections, `http` or `https` on requests',
    (facts) => facts.connProtocol,
    { oneOf: ['tcp', 'tls', 'http', 'https'] },
  ),
  'tls.sni': text(CONNECTED, 'name that the client asked for in its ClientHello', (facts) => facts.tlsSni, 'host'),
  'tls.version': text(CONNECTED, 'version of TLS that is spoken', (facts) => facts.tlsVersion, {
    oneOf: ['TLSv1.2', 'TLSv1.3'],
  }),
  'http.method': text(STAGE.request, 'method', (facts) => facts.httpMethod, { oneOf: METHODS }),
  'http.scheme': text(STAGE.request, '`http` or `https`', (facts) => facts.httpScheme, { oneOf: ['http', 'https'] }),
  'http.host': text(STAGE.request, 'host of the request, without port', (facts) => facts.httpHost, 'host'),
  'http.path': text(
    STAGE.request,
    'path, percent-encoding of plain characters undone, as routes see it',
    (facts) => facts.httpPath,
    'path',
  ),
  'http.query': text(STAGE.request, 'what stands behind `?`, empty without one', (facts) => facts.httpQuery),
  'http.version': text(STAGE.request, '`1.0` or `1.1`', (facts) => facts.httpVersion, { oneOf: ['1.0', '1.1'] }),
  'route.name': text(STAGE.request, 'name of the route that the request matched', (facts) => facts.routeName),
  'dns.qname': text(STAGE.query, 'name in question, without final dot', (facts) => facts.dnsQname, 'host'),
  'dns.qtype': text(STAGE.query, 'type in question, such as `AAAA`', (facts) => facts.dnsQtype, 'upper'),
  'dns.qclass': text(STAGE.query, 'class in question, `IN` as a rule', (facts) => facts.dnsQclass, 'upper'),
  'dns.transport': text(STAGE.query, 'how the query came', (facts) => facts.dnsTransport, {
    oneOf: ['udp', 'tcp', 'tls', 'https'],
  }),
  'dns.do': {
    type: 'boolean',
    form: 'any',
    stages: STAGE.query,
    meaning: 'the client asks for DNSSEC records',
    read: (facts) => facts.dnsDo,
  },
  'dns.rd': {
    type: 'boolean',
    form: 'any',
    stages: STAGE.query,
    meaning: 'the client asks for recursion',
    read: (facts) => facts.dnsRd,
  },
  'smtp.helo': text(STAGE.mail, 'name that the client greeted with', (facts) => facts.smtpHelo, 'host'),
  'smtp.from': text(STAGE.mail, 'sender of the envelope, empty for bounces', (facts) => facts.smtpFrom, 'mailbox'),
  'smtp.to': text(STAGE.mail, 'recipient of the envelope', (facts) => facts.smtpTo, 'mailbox'),
  'smtp.from_domain': text(STAGE.mail, "the sender's domain", (facts) => domainOf(facts.smtpFrom), 'host'),
  'smtp.to_domain': text(STAGE.mail, "the recipient's domain", (facts) => domainOf(facts.smtpTo), 'host'),
  'smtp.auth_user': text(STAGE.mail, 'user who logged in', (facts) => facts.smtpAuthUser),
  'smtp.size': number(STAGE.mail, 'size that the client announced, bytes', (facts) => facts.smtpSize),
  'time.hour': number(ALL_STAGES, 'hour of the day, 0–23', (_facts, calendar) => calendar.hour),
  'time.minute': number(ALL_STAGES, 'minute of the hour, 0–59', (_facts, calendar) => calendar.minute),
  'time.weekday': text(ALL_STAGES, 'day of the week', (_facts, calendar) => calendar.weekday, { oneOf: WEEKDAYS }),
  'time.date': {
    type: 'date',
    form: 'any',
    stages: ALL_STAGES,
    meaning: 'day as `2026-11-27`',
    read: (_facts, calendar) => calendar.date,
  },
  'time.unix': number(ALL_STAGES, 'seconds since 1970', (_facts, calendar) => calendar.unix),
};

export interface IFunction {
  /** As in the reference. */
  readonly signature: string;
  readonly type: TType;
  readonly meaning: string;
}

export const FUNCTIONS: Readonly<Record<string, IFunction>> = {
  'http.header': {
    signature: 'http.header("name")',
    type: 'text',
    meaning: 'a header of the request; repeated ones joined by `, `',
  },
  'http.cookie': { signature: 'http.cookie("name")', type: 'text', meaning: 'a cookie of the request' },
  'tag': { signature: 'tag("name")', type: 'boolean', meaning: 'a rule has set this tag before' },
  'client.rate': {
    signature: 'client.rate("10s")',
    type: 'number',
    meaning: 'events of this client at this stage within the time, this one among them',
  },
  'rate': {
    signature: 'rate(key, "10s")',
    type: 'number',
    meaning: 'the same for all events that have the same key, a text, number or address',
  },
  'count': {
    signature: 'count(condition, key, "10s")',
    type: 'number',
    meaning: 'the same for events for which the condition holds; unchanged by others',
  },
  'lower': { signature: 'lower(text)', type: 'text', meaning: 'the text in lower case' },
  'len': { signature: 'len(text)', type: 'number', meaning: 'its length in characters' },
  'exists': { signature: 'exists(value)', type: 'boolean', meaning: 'it is not absent' },
};
