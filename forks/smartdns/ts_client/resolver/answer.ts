/**
 * What a reply may tell us: only what belongs to the question (bailiwick), put in order.
 *
 * Everything in the answer section must be owned by the asked name or by a name that an alias of the same reply leads
 * to; a negative answer's SOA must be of a zone that holds the name. The rest is dropped unread (RFC 5452 §6, RFC 2181
 * §5.4.1).
 *
 * @module
 */
import { equalNames, isNormalSubdomain, normalizeName } from '#wire';
import type { IResourceRecord, IRrsigData, ISoaData } from '#wire';
import { DnsError } from '../errors/errors.ts';
import type { IDnsAnswer } from '../interfaces/answers.ts';
import { clientLimits } from '../limits/limits.ts';
import { replaceSuffix } from '../names/names.ts';
import type { IQuestion, IReply } from '../transports/transport.ts';

const rcodeNxDomain = 3;

/** An answer, or the alias target that has to be asked for to complete it. */
export interface IReadAnswer {
  readonly answer: IDnsAnswer;
  /** Set when the reply ends in an alias without saying anything about its target. */
  readonly next: string | undefined;
}

/**
 * Reads a NOERROR or NXDOMAIN reply.
 *
 * @throws DnsError `ECNAMELOOP`, or `EBADRESP` for a referral or a contradiction
 */
export function readAnswer(question: IQuestion, reply: IReply, upstream: string): IReadAnswer {
  const { message } = reply;
  const byOwner = groupByOwner(message.answers, question, reply.ageSeconds);
  const chain = new AliasChain(question, byOwner, upstream);
  chain.follow();
  const { answers, current, found } = chain;
  const nxdomain = message.rcode === rcodeNxDomain;
  if (nxdomain && found) throw contradiction(question, upstream, 'NXDOMAIN with records of the asked name');
  const negative = !found;
  const authorities = negative
    ? negativeProof(message.authorities, current, question, reply.ageSeconds)
    : positiveProof(message.authorities, answers, question, reply.ageSeconds);
  const soa = negative ? authorities.find((record) => record.type === 'SOA') : undefined;
  const aliased = answers.length > 0;
  if (negative && !nxdomain && soa === undefined && !aliased && isReferral(reply)) {
    throw contradiction(question, upstream, 'a referral instead of an answer', 'referral');
  }
  const answer: IDnsAnswer = {
    rcode: nxdomain ? 'NXDOMAIN' : 'NOERROR',
    negative,
    authenticated: message.ad,
    answers: Object.freeze(answers),
    authorities: Object.freeze(authorities),
    canonicalName: chain.currentSpelled,
    ttl: ttlOf(answers, negative, soa),
    bytes: reply.bytes,
    source: reply.source,
    upstream,
  };
  // RFC 2308 §2.2 type 3: an alias without SOA may be a NODATA, or a server that does not know the target.
  return { answer, next: negative && !nxdomain && soa === undefined && aliased ? chain.currentSpelled : undefined };
}

/** The answer to a question whose alias target took another question. */
export function joinAnswers(first: IDnsAnswer, second: IDnsAnswer): IDnsAnswer {
  return {
    ...second,
    authenticated: first.authenticated && second.authenticated,
    answers: Object.freeze([...first.answers, ...second.answers]),
    ttl: Math.min(lowestOf(first.answers), second.ttl),
    bytes: first.bytes + second.bytes,
  };
}

/** RFC 2308 §5: the lower of the SOA's own TTL and its MINIMUM field; without SOA a negative answer is not kept. */
function ttlOf(answers: readonly IResourceRecord[], negative: boolean, soa: IResourceRecord | undefined): number {
  if (!negative) return lowestOf(answers);
  if (soa === undefined) return 0;
  const negativeTtl = Math.min(soa.ttl, (soa.data as ISoaData).minimum);
  return answers.length === 0 ? negativeTtl : Math.min(lowestOf(answers), negativeTtl);
}

function lowestOf(records: readonly IResourceRecord[]): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const record of records) lowest = Math.min(lowest, record.ttl);
  return Number.isFinite(lowest) ? lowest : 0;
}

function isReferral(reply: IReply): boolean {
  const { message } = reply;
  return !message.aa && !message.ra && message.authorities.some((record) => record.type === 'NS');
}

/** The walk from the asked name along its aliases. */
class AliasChain {
  readonly answers: IResourceRecord[] = [];
  /** Lower case. */
  current: string;
  currentSpelled: string;
  found = false;
  readonly #question: IQuestion;
  readonly #byOwner: ReadonlyMap<string, IResourceRecord[]>;
  readonly #upstream: string;
  readonly #seen = new Set<string>();

  constructor(question: IQuestion, byOwner: ReadonlyMap<string, IResourceRecord[]>, upstream: string) {
    this.#question = question;
    this.#byOwner = byOwner;
    this.#upstream = upstream;
    this.current = normalizeName(question.name);
    this.currentSpelled = question.name;
  }

  follow(): void {
    for (;;) {
      if (this.#seen.has(this.current) || this.#seen.size > clientLimits.cnameStepsMax) {
        throw new DnsError('ECNAMELOOP', {
          hostname: this.#question.name,
          type: this.#question.type,
          upstream: this.#upstream,
        });
      }
      this.#seen.add(this.current);
      if (this.#takeRecords() || !this.#takeAlias()) return;
    }
  }

  /** Takes the records of the asked type at the current name, with their signatures. */
  #takeRecords(): boolean {
    const { type } = this.#question;
    for (const record of this.#byOwner.get(this.current) ?? []) {
      if (type === 'ANY' || record.type === type) {
        this.answers.push(record);
        this.found = true;
      }
    }
    if (this.found) this.#takeSignatures(this.current, type);
    return this.found;
  }

  #takeAlias(): boolean {
    const { type } = this.#question;
    if (type === 'CNAME' || type === 'ANY') return false;
    const viaDname = this.#takeDname();
    const cname = this.#byOwner.get(this.current)?.find((record) => record.type === 'CNAME');
    if (cname === undefined && viaDname === undefined) return false;
    const target = viaDname ?? String(cname?.data);
    // RFC 6672 §3.1: the CNAME beside a DNAME is made from it; a different one is not believed.
    const agrees = cname !== undefined && (viaDname === undefined || equalNames(String(cname.data), viaDname));
    if (cname !== undefined && agrees) {
      this.answers.push(cname);
      if (viaDname === undefined) this.#takeSignatures(this.current, 'CNAME');
    }
    this.currentSpelled = target;
    this.current = normalizeName(target);
    return true;
  }

  /** Takes a DNAME above the current name. Returns the name that it leads to. */
  #takeDname(): string | undefined {
    for (const [owner, records] of this.#byOwner) {
      if (owner === this.current || !isNormalSubdomain(this.current, owner)) continue;
      const dname = records.find((record) => record.type === 'DNAME');
      if (dname === undefined) continue;
      if (!this.answers.includes(dname)) {
        this.answers.push(dname);
        this.#takeSignatures(owner, 'DNAME');
      }
      return replaceSuffix(this.currentSpelled, owner, String(dname.data));
    }
    return undefined;
  }

  #takeSignatures(owner: string, type: string): void {
    if (type === 'ANY' || type === 'RRSIG') return;
    for (const record of this.#byOwner.get(owner) ?? []) {
      if (record.type === 'RRSIG' && (record.data as IRrsigData).typeCovered === type) this.answers.push(record);
    }
  }
}

/** The answer section by owner (lower case), TTLs lowered by the age, the asked name spelled as asked. */
function groupByOwner(
  records: readonly IResourceRecord[],
  question: IQuestion,
  ageSeconds: number,
): Map<string, IResourceRecord[]> {
  const byOwner = new Map<string, IResourceRecord[]>();
  for (const record of records.slice(0, clientLimits.recordsMax)) {
    if (record.class !== 'IN') continue;
    const owner = normalizeName(record.name);
    const clean = cleanRecord(record, question, ageSeconds);
    const list = byOwner.get(owner);
    if (list === undefined) byOwner.set(owner, [clean]);
    else list.push(clean);
  }
  return byOwner;
}

function cleanRecord(record: IResourceRecord, question: IQuestion, ageSeconds: number): IResourceRecord {
  const ttl = Math.max(0, record.ttl - ageSeconds);
  const name = equalNames(record.name, question.name) ? question.name : record.name;
  return Object.freeze({ ...record, name, ttl });
}

/** SOA and denial records of the zone that holds the name; nothing from other zones. */
function negativeProof(
  authorities: readonly IResourceRecord[],
  name: string,
  question: IQuestion,
  ageSeconds: number,
): IResourceRecord[] {
  const soa = authorities.find(
    (record) => record.type === 'SOA' && isNormalSubdomain(name, normalizeName(record.name)),
  );
  if (soa === undefined) return [];
  return proofRecords(authorities, [normalizeName(soa.name)], question, ageSeconds, true);
}

/** The proofs beside a wildcard's answer (RFC 4035 §3.1.3.3): only of zones that have signed the answer. */
function positiveProof(
  authorities: readonly IResourceRecord[],
  answers: readonly IResourceRecord[],
  question: IQuestion,
  ageSeconds: number,
): IResourceRecord[] {
  const zones: string[] = [];
  for (const record of answers) {
    if (record.type !== 'RRSIG') continue;
    const zone = normalizeName((record.data as IRrsigData).signerName);
    if (isNormalSubdomain(normalizeName(record.name), zone) && !zones.includes(zone)) zones.push(zone);
  }
  return zones.length === 0 ? [] : proofRecords(authorities, zones, question, ageSeconds, false);
}

function proofRecords(
  authorities: readonly IResourceRecord[],
  zones: readonly string[],
  question: IQuestion,
  ageSeconds: number,
  withSoa: boolean,
): IResourceRecord[] {
  const kept: IResourceRecord[] = [];
  for (const record of authorities.slice(0, clientLimits.recordsMax)) {
    const owner = normalizeName(record.name);
    const { type } = record;
    const covered = type === 'RRSIG' ? (record.data as IRrsigData).typeCovered : type;
    const wanted = covered === 'NSEC' || covered === 'NSEC3' || (withSoa && covered === 'SOA' && owner === zones[0]);
    if (wanted && record.class === 'IN' && zones.some((zone) => isNormalSubdomain(owner, zone))) {
      kept.push(cleanRecord(record, question, ageSeconds));
    }
  }
  return kept;
}

function contradiction(question: IQuestion, upstream: string, note: string, reason = 'contradiction'): DnsError {
  return new DnsError('EBADRESP', { hostname: question.name, type: question.type, upstream, note, reason });
}
