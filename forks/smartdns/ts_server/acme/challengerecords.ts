/**
 * The TXT records by which a CA sees that a name is ours (RFC 8555 §8.4), answered from the moment they are added.
 *
 * @module
 */
import { dnsChallengeName, dnsChallengeValue, type IChallengeSolver } from '@dcrouter/acme';
import type { DnsAnswer, IDnsQuestion } from '../interfaces/query.ts';
import { challengeNamesMax, challengeTtlSeconds } from '../limits/acme.ts';

/** Answers TXT questions for one name; returns what ends that. */
export type TAddChallengeHandler = (name: string, handler: (question: IDnsQuestion) => DnsAnswer[]) => () => void;

interface IStandingName {
  readonly values: string[];
  readonly end: () => void;
}

/** Several values may stand at one name, as those of a name and its wildcard do. */
export class ChallengeRecords {
  readonly #addHandler: TAddChallengeHandler;
  readonly #names = new Map<string, IStandingName>();

  constructor(addHandler: TAddChallengeHandler) {
    this.#addHandler = addHandler;
  }

  /** Names with a record. */
  get size(): number {
    return this.#names.size;
  }

  /**
   * Adds a record.
   *
   * @throws RangeError past the limit of names
   */
  add(name: string, value: string): void {
    const standing = this.#names.get(name);
    if (standing !== undefined) {
      standing.values.push(value);
      return;
    }
    if (this.#names.size >= challengeNamesMax) {
      throw new RangeError(`${challengeNamesMax} names are being validated; try again when one is done`);
    }
    const values = [value];
    const end = this.#addHandler(name, (question) =>
      values.map((data) => ({ name: question.name, type: 'TXT', class: 'IN', ttl: challengeTtlSeconds, data })),
    );
    this.#names.set(name, { values, end });
  }

  /** Removes one record with this value; nothing when there is none. */
  remove(name: string, value: string): void {
    const standing = this.#names.get(name);
    const index = standing?.values.indexOf(value) ?? -1;
    if (standing === undefined || index < 0) {
      return;
    }
    standing.values.splice(index, 1);
    if (standing.values.length === 0) {
      this.#names.delete(name);
      standing.end();
    }
  }

  /** Presents dns-01 answers here. */
  solver(): IChallengeSolver {
    return {
      type: 'dns-01',
      canSolve: (identifier) => identifier.type === 'dns',
      present: (answer) =>
        this.add(dnsChallengeName(answer.identifier.value), dnsChallengeValue(answer.keyAuthorization)),
      cleanup: (answer) =>
        this.remove(dnsChallengeName(answer.identifier.value), dnsChallengeValue(answer.keyAuthorization)),
    };
  }
}
