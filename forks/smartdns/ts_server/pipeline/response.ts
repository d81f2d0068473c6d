/**
 * An answer under way: what resolving gave, what middlewares may change, what is encoded.
 *
 * @module
 */
import { rcodeToName, type IResourceRecord } from '#wire';
import type { IRepeatRule } from '../handlers/outcomes.ts';
import type { IDnsResponse } from '../interfaces/query.ts';
import type { TErrorReason } from '../stats/reasons.ts';
import type { ZoneCounters } from '../stats/zonecounters.ts';
import type { AnswerImage } from './image.ts';
import type { IProof } from './signing.ts';
import { rcodeFromName } from './rcodes.ts';

export class DnsResponse implements IDnsResponse {
  rcodeNumber: number;
  authoritative: boolean;
  recursionAvailable = false;
  authenticated = false;
  cached = false;
  /** Whether signatures are in it. */
  dnssec = false;
  /** EDE info code (RFC 8914) for clients that speak EDNS; -1 for none. */
  extendedError = -1;
  /** What it says about the asked name; undefined where no zone of ours answers. */
  proof: IProof | undefined;
  /** Counters of the zone or pattern that gave the answer. */
  counters: ZoneCounters | undefined;
  /** What went wrong on the way here, to be counted and told when the answer leaves. */
  failure: TErrorReason | undefined;
  failureText: string | undefined;
  /** How an image of this answer may be used again. */
  recipe: IRepeatRule | undefined;
  /** The wire image it was made from; gone as soon as somebody touches the records. */
  image: AnswerImage | undefined;
  #answers: IResourceRecord[];
  #authorities: IResourceRecord[];
  #additionals: IResourceRecord[];

  constructor(
    rcode: number,
    authoritative: boolean,
    answers: IResourceRecord[] = [],
    authorities: IResourceRecord[] = [],
    additionals: IResourceRecord[] = [],
  ) {
    this.rcodeNumber = rcode;
    this.authoritative = authoritative;
    this.#answers = answers;
    this.#authorities = authorities;
    this.#additionals = additionals;
  }

  /** An answer that only says what went wrong. */
  static failed(rcode: number, reason: TErrorReason, error?: unknown): DnsResponse {
    const response = new DnsResponse(rcode, false);
    response.failure = reason;
    if (error !== undefined) {
      response.failureText = error instanceof Error ? error.message : String(error);
    }
    return response;
  }

  /** The answer that an image stands for. */
  static fromImage(image: AnswerImage): DnsResponse {
    const source = image.response;
    const response = source.withSections(source.rcodeNumber, source.#answers, source.#authorities, source.#additionals);
    response.cached = image.cached;
    response.recipe = undefined;
    response.image = image;
    return response;
  }

  /** A copy with other code and records. */
  withSections(
    rcode: number,
    answers: IResourceRecord[],
    authorities: IResourceRecord[],
    additionals: IResourceRecord[],
  ): DnsResponse {
    const response = new DnsResponse(rcode, this.authoritative, answers, authorities, additionals);
    response.recursionAvailable = this.recursionAvailable;
    response.authenticated = this.authenticated;
    response.cached = this.cached;
    response.dnssec = this.dnssec;
    response.extendedError = this.extendedError;
    response.counters = this.counters;
    response.proof = this.proof;
    response.failure = this.failure;
    response.failureText = this.failureText;
    response.recipe = this.recipe;
    return response;
  }

  get rcode(): string {
    return rcodeToName(this.rcodeNumber);
  }

  set rcode(name: string) {
    this.#touch();
    this.rcodeNumber = rcodeFromName(name);
  }

  get answers(): IResourceRecord[] {
    this.#touch();
    return this.#answers;
  }

  set answers(records: IResourceRecord[]) {
    this.#touch();
    this.#answers = records;
  }

  get authorities(): IResourceRecord[] {
    this.#touch();
    return this.#authorities;
  }

  set authorities(records: IResourceRecord[]) {
    this.#touch();
    this.#authorities = records;
  }

  get additionals(): IResourceRecord[] {
    this.#touch();
    return this.#additionals;
  }

  set additionals(records: IResourceRecord[]) {
    this.#touch();
    this.#additionals = records;
  }

  /** The records for reading only: the answer stays as it is and may be answered from its image. */
  view(): {
    readonly answers: IResourceRecord[];
    readonly authorities: IResourceRecord[];
    readonly additionals: IResourceRecord[];
  } {
    return { answers: this.#answers, authorities: this.#authorities, additionals: this.#additionals };
  }

  /** Somebody outside may change the records: they become this answer's own, and the image void. */
  #touch(): void {
    if (this.image === undefined && this.recipe === undefined) {
      return;
    }
    this.image = undefined;
    this.recipe = undefined;
    this.#answers = this.#answers.map(copyRecord);
    this.#authorities = this.#authorities.map(copyRecord);
    this.#additionals = this.#additionals.map(copyRecord);
  }
}

function copyRecord(record: IResourceRecord): IResourceRecord {
  return { ...record };
}
