/**
 * A version that serves on probation, and the time after which it is taken back.
 *
 * @module
 */
import type { IClock } from './clock.ts';
import { RETRY_FIRST_MS, RETRY_LONGEST_MS } from './limits.ts';
import type { IServing } from './serving.ts';

export interface IProbation {
  /** The version that serves unconfirmed. */
  readonly version: number;
  readonly confirmByMs: number;
  /** What serves again unless it is confirmed: the last that needed no confirmation. */
  readonly goBackTo: Pick<IServing, 'document'> & { readonly version: number };
}

/** Holds at most one probation and asks for its end when its time is over, again and again until it has ended. */
export class Unconfirmed {
  readonly #clock: IClock;
  readonly #takeBack: () => Promise<void>;
  #current: IProbation | null = null;
  #callOff: () => void = () => {};

  /** @param takeBack - must end the probation; when it rejects, it is called again later */
  constructor(clock: IClock, takeBack: () => Promise<void>) {
    this.#clock = clock;
    this.#takeBack = takeBack;
  }

  get current(): IProbation | null {
    return this.#current;
  }

  begin(probation: IProbation): void {
    this.end();
    this.#current = probation;
    this.#wait(probation, Math.max(0, probation.confirmByMs - this.#clock.nowMs()), RETRY_FIRST_MS);
  }

  end(): void {
    this.#callOff();
    this.#callOff = () => {};
    this.#current = null;
  }

  #wait(probation: IProbation, delayMs: number, retryMs: number): void {
    this.#callOff = this.#clock.after(delayMs, () => {
      this.#takeBack().catch(() => {
        // Told where it failed. It may have been confirmed or replaced meanwhile.
        if (this.#current === probation) this.#wait(probation, retryMs, Math.min(retryMs * 2, RETRY_LONGEST_MS));
      });
    });
  }
}
