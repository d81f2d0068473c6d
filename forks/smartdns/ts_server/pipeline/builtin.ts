/**
 * Answers the server gives by itself: localhost, questions about the server, and types that are not data.
 *
 * @module
 */
import { rcodes, recordClasses, recordTypes, type IResourceRecord } from '#wire';
import type { Exchange } from './exchange.ts';
import { DnsResponse } from './response.ts';

/** RFC 6895 §3.1, §3.2. */
const typeReserved = 0;
const classReserved = 0;
const loopback4 = '127.0.0.1';
const loopback6 = '::1';
const reverse4 = '1.0.0.127.in-addr.arpa';
const reverse6 = `1.${'0.'.repeat(31)}ip6.arpa`;
/** Seconds that a resolver may remember the RFC 8482 answer. */
const minimalAnyTtlSeconds = 3_600;

export interface IServerIdentity {
  /** Answer to `id.server` and `hostname.bind` (RFC 4892); refused when not set. */
  readonly serverId: string | undefined;
  /** Answer to `version.server` and `version.bind`; refused when not set. */
  readonly version: string | undefined;
}

/** Decides by class and type alone; undefined when the question is one for data. */
export function answerByClassAndType(exchange: Exchange, identity: IServerIdentity): DnsResponse | undefined {
  const { classNumber, typeNumber } = exchange;
  if (classNumber !== recordClasses.IN) {
    return answerOtherClass(exchange, identity);
  }
  switch (typeNumber) {
    case typeReserved:
    case recordTypes.OPT:
      // Type 0 is reserved (RFC 6895 §3.1), OPT is no data (RFC 6891 §6.1.1).
      return DnsResponse.failed(rcodes.FORMERR, 'malformed', `a question for type ${typeNumber}`);
    case recordTypes.AXFR:
    case recordTypes.IXFR:
      // Transfers are refused unless allowed (RFC 5936 §2.2, §5).
      return DnsResponse.failed(rcodes.REFUSED, 'refused', 'zone transfer');
    case recordTypes.TKEY:
    case recordTypes.TSIG:
    case recordTypes.MAILA:
    case recordTypes.MAILB:
      return DnsResponse.failed(rcodes.NOTIMP, 'not-implemented', `a question for type ${typeNumber}`);
    default:
      return undefined;
  }
}

export function isAny(exchange: Exchange): boolean {
  return exchange.typeNumber === recordTypes.ANY;
}

/** The small answer to ANY, on every transport (RFC 8482 §4.2). */
export function minimalAny(name: string): DnsResponse {
  const record: IResourceRecord = {
    name,
    type: 'HINFO',
    class: 'IN',
    ttl: minimalAnyTtlSeconds,
    data: { cpu: 'RFC8482', os: '' },
  };
  return new DnsResponse(rcodes.NOERROR, true, [record]);
}

function answerOtherClass(exchange: Exchange, identity: IServerIdentity): DnsResponse {
  if (exchange.classNumber === classReserved || exchange.classNumber === recordClasses.NONE) {
    // RFC 6895 §3.2: 0 is reserved, NONE has no meaning in a query.
    return DnsResponse.failed(rcodes.FORMERR, 'malformed', `a question in class ${exchange.classNumber}`);
  }
  if (exchange.classNumber === recordClasses.CH && exchange.typeNumber === recordTypes.TXT) {
    const text = chaosText(exchange.domain, identity);
    if (text !== undefined) {
      return new DnsResponse(rcodes.NOERROR, true, [
        { name: exchange.domain, type: 'TXT', class: 'CH', ttl: 0, data: [text] },
      ]);
    }
  }
  return DnsResponse.failed(rcodes.REFUSED, 'refused', `class ${exchange.class}`);
}

function chaosText(domain: string, identity: IServerIdentity): string | undefined {
  switch (domain) {
    case 'id.server':
    case 'hostname.bind':
      return identity.serverId;
    case 'version.server':
    case 'version.bind':
      return identity.version;
    default:
      return undefined;
  }
}

/** `localhost`, names below it, and the loopback addresses' reverse names (RFC 6761 §6.3); undefined for others. */
export function answerLocalhost(exchange: Exchange): DnsResponse | undefined {
  const { domain } = exchange;
  if (domain === 'localhost' || domain.endsWith('.localhost')) {
    if (exchange.typeNumber === recordTypes.A) {
      return loopbackAnswer(domain, 'A', loopback4);
    }
    if (exchange.typeNumber === recordTypes.AAAA) {
      return loopbackAnswer(domain, 'AAAA', loopback6);
    }
    return loopbackNegative('localhost');
  }
  if (domain === reverse4 || domain === reverse6) {
    return exchange.typeNumber === recordTypes.PTR
      ? loopbackAnswer(domain, 'PTR', 'localhost')
      : loopbackNegative(domain);
  }
  return undefined;
}

/** TTL 0 as upstream: nobody should remember an answer that depends on who is asked. */
function loopbackAnswer(name: string, type: string, data: string): DnsResponse {
  return new DnsResponse(rcodes.NOERROR, true, [{ name, type, class: 'IN', ttl: 0, data } as IResourceRecord]);
}

function loopbackNegative(origin: string): DnsResponse {
  const soa: IResourceRecord = {
    name: origin,
    type: 'SOA',
    class: 'IN',
    ttl: 0,
    data: {
      mname: 'localhost',
      rname: 'nobody.invalid',
      serial: 1,
      refresh: 3_600,
      retry: 600,
      expire: 86_400,
      minimum: 0,
    },
  };
  return new DnsResponse(rcodes.NOERROR, true, [], [soa]);
}
