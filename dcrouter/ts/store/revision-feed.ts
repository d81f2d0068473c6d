/**
 * Who wants to hear of new revisions, and which was told last.
 *
 * @module
 */
import { StoreRequestError } from './errors.ts';
import * as limits from './limits.ts';

export class RevisionFeed {
  readonly #listeners = new Set<(revision: number) => void>();
  readonly #failed: (error: unknown) => void;
  #told = 0;

  /** @param failed is given what a listener throws: the change is durable all the same. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  listen(listener: (revision: number) => void): () => void {
    if (this.#listeners.size >= limits.revisionListenersMax)
      throw new StoreRequestError(`onRevision has ${this.#listeners.size} listeners: stop one first`);
    // A function of its own for each call: the same listener may be given twice and stopped once.
    const entry = (revision: number): void => listener(revision);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** What is already known is not told: a poll and a notification often say the same. */
  tell(revision: number): void {
    if (revision <= this.#told) return;
    this.#told = revision;
    for (const listener of this.#listeners) {
      try {
        listener(revision);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** Where the store stood at the opening: nobody needs to be told. */
  startAt(revision: number): void {
    this.#told = Math.max(this.#told, revision);
  }
}
