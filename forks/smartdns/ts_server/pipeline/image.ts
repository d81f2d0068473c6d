/**
 * Answer images: whole answers on the wire, kept by question, into which only the id, two flags and the question's
 * letter case are written per query.
 *
 * An image never decides what is answered. It is void when handlers or zones changed, and where a handler without a
 * cache answers, the handler is called each time and the image used only while it returns the same records.
 *
 * @module
 */
import { lowerCase, type QuestionReader } from '#wire';
import { imageDoorSlots, imagesMax } from '../limits/index.ts';
import type { IHandlerEntry } from '../handlers/table.ts';
import type { IDnsQuestion, TDnsHandlerResult } from '../interfaces/query.ts';
import type { ZoneCounters } from '../stats/zonecounters.ts';
import type { DnsResponse } from './response.ts';

/** How the client speaks: what an answer depends on beside the question. */
export const flavourPlain = 0;
export const flavourEdns = 1;
export const flavourDnssec = 2;

/** Which of the answers to a question a client gets. */
export function flavourOf(reader: QuestionReader): number {
  if (!reader.hasEdns) {
    return flavourPlain;
  }
  return reader.dnssecOk ? flavourDnssec : flavourEdns;
}

const ways = 4;
const fnvPrime = 16_777_619;

export class AnswerImage {
  readonly hash: number;
  readonly name: Buffer;
  readonly type: number;
  readonly flavour: number;
  /** The question in the form handlers and events want it. */
  readonly question: IDnsQuestion;
  wire: Buffer;
  rcode: number;
  answers: number;
  dnssec: boolean;
  cached = false;
  counters: ZoneCounters | undefined;
  /** The answer without signatures, as middlewares see it. */
  response: DnsResponse;
  /** State of the handlers and zones that it was made from. */
  epoch = 0;
  /** Monotonic milliseconds after which it is void. */
  expiresMs = Infinity;
  /** Handlers to call before each use, and what they returned when the image was made. */
  entries: readonly IHandlerEntry[] | undefined;
  results: readonly TDnsHandlerResult[] = [];

  constructor(
    hash: number,
    name: Buffer,
    flavour: number,
    type: number,
    question: IDnsQuestion,
    wire: Buffer,
    unsigned: DnsResponse,
    sent: DnsResponse,
  ) {
    this.hash = hash;
    this.name = name;
    this.flavour = flavour;
    this.type = type;
    this.question = question;
    this.wire = wire;
    this.response = unsigned;
    this.rcode = sent.rcodeNumber;
    this.answers = sent.view().answers.length;
    this.dnssec = sent.dnssec;
    this.counters = sent.counters;
  }
}

/** A fixed number of images, found by question without building a string. */
export class ImageTable {
  readonly #slots: Array<AnswerImage | undefined> = Array.from({ length: imagesMax }, () => undefined);
  readonly #setMask = imagesMax / ways - 1;
  readonly #door = new Uint16Array(imageDoorSlots);
  readonly #seed: number;
  #victim = 0;

  /** @param seed differs per process, so that names which crowd one set here do not do so elsewhere */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Hash of a question, for `find` and `admit`. */
  hashOf(reader: QuestionReader, flavour: number): number {
    const hash = Math.imul(this.#seed ^ reader.nameHash ^ ((reader.qtype << 2) | flavour), fnvPrime);
    return hash ^ (hash >>> 15);
  }

  /** The image for the question just read, in any letter case. */
  find(reader: QuestionReader, flavour: number): AnswerImage | undefined {
    const type = reader.qtype;
    const hash = this.hashOf(reader, flavour);
    const base = (hash & this.#setMask) * ways;
    for (let way = 0; way < ways; way++) {
      const image = this.#slots[base + way];
      if (image !== undefined && image.hash === hash && image.type === type && image.flavour === flavour) {
        if (reader.nameEquals(image.name)) {
          return image;
        }
      }
    }
    return undefined;
  }

  /** Whether a question was seen before: names asked once never displace anything. */
  admit(hash: number): boolean {
    const slot = hash & (imageDoorSlots - 1);
    const tag = (hash >>> 16) & 0xffff;
    if (this.#door[slot] === tag) {
      return true;
    }
    this.#door[slot] = tag;
    return false;
  }

  store(image: AnswerImage): void {
    const base = (image.hash & this.#setMask) * ways;
    for (let way = 0; way < ways; way++) {
      const there = this.#slots[base + way];
      if (there === undefined || isSameQuestion(there, image)) {
        this.#slots[base + way] = image;
        return;
      }
    }
    this.#victim = (this.#victim + 1) & (ways - 1);
    this.#slots[base + this.#victim] = image;
  }
}

function isSameQuestion(left: AnswerImage, right: AnswerImage): boolean {
  return (
    left.hash === right.hash &&
    left.type === right.type &&
    left.flavour === right.flavour &&
    left.name.equals(right.name)
  );
}

/** A copy of a wire name in lower case, in memory of its own: it is kept, and would keep 64 KiB of Node's pool with it. */
export function lowerName(packet: Uint8Array, start: number, end: number): Buffer {
  const name = Buffer.allocUnsafeSlow(end - start);
  for (let at = start, index = 0; at < end; at++, index++) {
    name[index] = lowerCase[packet[at]!]!;
  }
  return name;
}
