/**
 * Where our answer differs from upstream's on purpose: each entry knows upstream's answer and ours, and the rule that
 * makes ours right.
 *
 * @module
 */
import type { IDnsMessage } from '@dcrouter/smartdns/wire';
import type { IQuestion } from './scenario.ts';

export interface IPair {
  readonly question: IQuestion;
  readonly ours: IDnsMessage;
  readonly theirs: IDnsMessage;
  /** Octets of the answers. */
  readonly ourBytes: number;
  readonly theirBytes: number;
}

export interface IDifference {
  readonly name: string;
  readonly rule: string;
  /** Whether this explains the records and code of the pair. */
  applies(pair: IPair): boolean;
}

const signing = new Set(['RRSIG', 'NSEC', 'DNSKEY', 'CDS', 'CDNSKEY']);

/** Upstream's way to say "nothing": NOERROR and a SOA in the answer section, owned by the asked name. */
export function isUpstreamNothing({ theirs, question }: IPair): boolean {
  const [first, ...rest] = theirs.answers.filter(({ type }) => !signing.has(type));
  return (
    theirs.rcode === 0 &&
    first?.type === 'SOA' &&
    rest.length === 0 &&
    first.name.toLowerCase() === question.name.toLowerCase()
  );
}

const zones = ['example.test', '2.0.192.in-addr.arpa'];
const isOurs = (name: string): boolean =>
  zones.some((zone) => name.toLowerCase() === zone || name.toLowerCase().endsWith(`.${zone}`));
const textOf = (message: IDnsMessage): string => message.answers.flatMap(({ data }) => data as string[]).join('');
const soaInAuthority = (message: IDnsMessage): boolean => message.authorities.some(({ type }) => type === 'SOA');

/** The first that applies explains a pair. */
export const differences: readonly IDifference[] = [
  {
    name: 'another opcode is NOTIMP',
    rule: 'RFC 1035 §4.1.1, RFC 8906 §3.1.4',
    applies: ({ question, ours }) => question.opcode !== 0 && ours.rcode === 4 && ours.opcode === question.opcode,
  },
  {
    name: 'no question, or two, is FORMERR',
    rule: 'RFC 9619 §4',
    applies: ({ question, ours }) => question.questions !== 1 && ours.rcode === 1,
  },
  {
    name: 'EDNS version 1 is BADVERS',
    rule: 'RFC 6891 §6.1.3',
    applies: ({ question, ours }) => question.ednsVersion > 0 && ours.rcode === 16,
  },
  {
    name: 'a class that we do not serve is refused',
    rule: 'RFC 1035 §3.2.4, RFC 6895 §3.2',
    applies: ({ question, ours }) => question.class !== 1 && [1, 5].includes(ours.rcode) && ours.answers.length === 0,
  },
  {
    name: 'ANY gets the small answer',
    rule: 'RFC 8482 §4.2',
    applies: (pair) =>
      pair.question.type === 'ANY' && isUpstreamNothing(pair) && pair.ours.answers[0]?.type === 'HINFO',
  },
  {
    name: 'keys are shown to everybody',
    rule: 'RFC 4035 §3.1.2, RFC 4034 §2.1.1',
    applies: ({ question, ours }) =>
      question.type === 'DNSKEY' &&
      question.name.toLowerCase() === 'example.test' &&
      ours.answers.some(({ type }) => type === 'DNSKEY'),
  },
  {
    name: 'an answer that does not fit is cut with TC',
    rule: 'RFC 1035 §4.2.1, RFC 2181 §9, RFC 6891 §6.2.5',
    applies: ({ question, ours, ourBytes, theirBytes }) => {
      const limit = Math.min(question.edns ?? 512, 1_232);
      return ours.tc && ourBytes <= limit && theirBytes > ourBytes;
    },
  },
  {
    name: 'names compare without regard to letter case',
    rule: 'RFC 4343 §3',
    applies: (pair) =>
      pair.question.name !== pair.question.name.toLowerCase() && isUpstreamNothing(pair) && pair.ours.rcode !== 5,
  },
  {
    name: 'localhost has nothing but addresses, and so have names below it',
    rule: 'RFC 6761 §6.3',
    applies: (pair) => /(^|\.)localhost$|^1\.0\.0\.127\./i.test(pair.question.name) && isUpstreamNothing(pair),
  },
  {
    name: 'a handler that throws is SERVFAIL',
    rule: 'RFC 1035 §4.1.1',
    applies: (pair) => pair.ours.rcode === 2 && pair.question.name.startsWith('throws.') && isUpstreamNothing(pair),
  },
  {
    name: 'an alias answers every type',
    rule: 'RFC 1034 §4.3.2',
    applies: (pair) => isUpstreamNothing(pair) && pair.ours.answers[0]?.type === 'CNAME',
  },
  {
    name: 'a name outside every zone is refused',
    rule: 'RFC 1035 §4.1.1, RFC 8499 (lame delegation)',
    applies: (pair) => isUpstreamNothing(pair) && !isOurs(pair.question.name) && pair.ours.rcode === 5,
  },
  {
    name: 'a name that is not there is NXDOMAIN with the SOA of the zone in the authority section',
    rule: 'RFC 2308 §2.1, §3',
    applies: (pair) => isUpstreamNothing(pair) && pair.ours.rcode === 3 && soaInAuthority(pair.ours),
  },
  {
    name: 'the serial of a zone moves with its data, not with the clock',
    rule: 'RFC 1912 §2.2, RFC 1982 §3',
    applies: (pair) =>
      isUpstreamNothing(pair) && pair.question.type === 'SOA' && pair.ours.aa && pair.ours.answers[0]?.type === 'SOA',
  },
  {
    name: 'a type that is not there is NODATA with the SOA of the zone in the authority section',
    rule: 'RFC 2308 §2.2, §3; with signatures also RFC 9824 §3.1',
    applies: (pair) =>
      isUpstreamNothing(pair) && pair.ours.rcode === 0 && pair.ours.answers.length === 0 && soaInAuthority(pair.ours),
  },
  {
    name: 'TTL 0 is kept',
    rule: 'RFC 2181 §8',
    applies: ({ ours, theirs }) => ours.answers[0]?.ttl === 0 && theirs.answers[0]?.ttl === 300,
  },
  {
    name: 'long text is split, not cut',
    rule: 'RFC 1035 §3.3.14',
    applies: ({ question, ours, theirs }) =>
      question.name.toLowerCase().startsWith('long.') && textOf(ours).length === 400 && textOf(theirs).length === 255,
  },
];

/** What is compared record by record; signatures are judged by validators, not by upstream's. */
export function essence(message: IDnsMessage): unknown {
  const records = (list: IDnsMessage['answers']): string[] =>
    list
      .filter(({ type }) => !signing.has(type))
      .map(({ name, type, class: className, ttl, data }) =>
        JSON.stringify([name.toLowerCase(), type, className, ttl, data]),
      )
      .sort();
  return { rcode: message.rcode, aa: message.aa, rd: message.rd, tc: message.tc, answers: records(message.answers) };
}
