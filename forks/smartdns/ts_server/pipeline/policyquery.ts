/**
 * The query as a policy sees it, read from the packet as far as it asks.
 *
 * @module
 */
import { classToName, typeToName, type QuestionReader } from '#wire';
import type { IPolicyQuery } from '../interfaces/policy.ts';
import type { TDnsSource } from '../interfaces/stats.ts';
import { sources } from '../stats/dnsstats.ts';
import type { AnswerImage } from './image.ts';

export class PolicyQuery implements IPolicyQuery {
  readonly #reader: QuestionReader;
  #image: AnswerImage | undefined;
  #source = 0;
  clientIp = '';
  clientPort = 0;

  constructor(reader: QuestionReader) {
    this.#reader = reader;
  }

  set(image: AnswerImage | undefined, source: number, clientIp: string, clientPort: number): void {
    this.#image = image;
    this.#source = source;
    this.clientIp = clientIp;
    this.clientPort = clientPort;
  }

  get source(): TDnsSource {
    return sources[this.#source]!;
  }

  get domain(): string {
    // The image has the name as a text already.
    return this.#image === undefined ? this.#reader.name() : this.#image.question.name;
  }

  get type(): string {
    return typeToName(this.#reader.qtype);
  }

  get class(): string {
    return classToName(this.#reader.qclass);
  }

  get dnssecOk(): boolean {
    return this.#reader.dnssecOk;
  }

  get recursionDesired(): boolean {
    return this.#reader.rd;
  }
}
