/**
 * Results as callers see them.
 *
 * @module
 */
import type { IResourceRecord } from '#wire';
import type { CacheEntry } from '../cache/cache.ts';
import { agedRecords, recordsWithTtl } from '../cache/ttl.ts';
import type { IDnsAnswer, IResolution } from '../interfaces/answers.ts';
import { clientLimits } from '../limits/limits.ts';
import { specialAnswer } from '../system/special.ts';
import type { IQuestion } from '../transports/transport.ts';
import type { ILanding } from './flights.ts';

const none: readonly IResourceRecord[] = Object.freeze([]);
/** Names that never leave the machine are answered by this "resolver". */
const ownLabel = 'built-in';

/** The records of the asked type among the answers: the same array where that is all of them. */
function wantedRecords(question: IQuestion, answers: readonly IResourceRecord[]): readonly IResourceRecord[] {
  const { type } = question;
  if (answers.length === 0) return none;
  if (type === 'ANY' || answers.every((record) => record.type === type)) return answers;
  return Object.freeze(answers.filter((record) => record.type === type));
}

/** The result of a question that was asked just now. */
export function freshResolution(question: IQuestion, landing: ILanding, latencyMs: number): IResolution {
  const { answer, stale } = landing;
  if (stale) return build(question, answer, staleRecords(answer), clientLimits.staleTtlSeconds, true, true, latencyMs);
  return build(question, answer, answer, answer.ttl, false, false, latencyMs);
}

/** The result of a cached answer: TTLs lowered by the whole seconds that it has been kept (RFC 1035 §7.3). */
export function cachedResolution(
  question: IQuestion,
  answer: IDnsAnswer,
  entry: CacheEntry,
  nowMs: number,
): IResolution {
  const latencyMs = performance.now() - nowMs;
  if (nowMs >= entry.expiresAtMs) {
    return build(question, answer, staleRecords(answer), clientLimits.staleTtlSeconds, true, true, latencyMs);
  }
  const ageSeconds = Math.floor((nowMs - entry.storedAtMs) / 1000);
  const sections = {
    answers: agedRecords(answer.answers, ageSeconds),
    authorities: agedRecords(answer.authorities, ageSeconds),
  };
  return build(question, answer, sections, answer.ttl - ageSeconds, true, false, latencyMs);
}

/** The result for a name that never leaves the machine; `undefined` for any other. */
export function specialResolution(question: IQuestion, domain: string): IResolution | undefined {
  const special = specialAnswer(domain, question.type);
  if (special === undefined) return undefined;
  const { name, type } = question;
  const { data } = special;
  const answers = data === undefined ? none : Object.freeze([Object.freeze({ name, type, class: 'IN', ttl: 0, data })]);
  return {
    name,
    type,
    rcode: special.rcode,
    records: answers,
    answers,
    authorities: none,
    canonicalName: name,
    authenticated: false,
    ttl: 0,
    source: 'system',
    upstream: ownLabel,
    cached: false,
    stale: false,
    fromTcp: false,
    latencyMs: 0,
  };
}

interface ISections {
  readonly answers: readonly IResourceRecord[];
  readonly authorities: readonly IResourceRecord[];
}

function staleRecords(answer: IDnsAnswer): ISections {
  const ttl = clientLimits.staleTtlSeconds;
  return { answers: recordsWithTtl(answer.answers, ttl), authorities: recordsWithTtl(answer.authorities, ttl) };
}

function build(
  question: IQuestion,
  answer: IDnsAnswer,
  sections: ISections,
  ttl: number,
  cached: boolean,
  stale: boolean,
  latencyMs: number,
): IResolution {
  return {
    name: question.name,
    type: question.type,
    rcode: answer.rcode,
    records: wantedRecords(question, sections.answers),
    answers: sections.answers,
    authorities: sections.authorities,
    canonicalName: answer.canonicalName,
    authenticated: answer.authenticated,
    ttl,
    source: answer.source,
    upstream: answer.upstream,
    cached,
    stale,
    fromTcp: answer.source === 'tcp',
    latencyMs,
  };
}
