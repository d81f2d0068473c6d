/**
 * A port of http-01, open while any order may need it.
 *
 * @module
 */
import type { ICertificateManagerOptions } from './types.ts';

/** A use of the port. */
export interface IPortUse {
  /** False when it could not be opened: http-01 then has no chance. */
  readonly isOpen: boolean;
  readonly release: () => Promise<void>;
}

const free: IPortUse = { isOpen: true, release: async () => undefined };

/** Opened by the first user, closed by the last. Without a way to open it, it is taken to be open always. */
export class ChallengePort {
  readonly #options: ICertificateManagerOptions;
  readonly #port: number;
  #users = 0;
  #close: Promise<(() => Promise<void>) | undefined> | undefined;

  constructor(options: ICertificateManagerOptions, port: number) {
    this.#options = options;
    this.#port = port;
  }

  async hold(): Promise<IPortUse> {
    const open = this.#options.openChallengePort;
    if (open === undefined) return free;
    this.#users++;
    this.#close ??= open(this.#port).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log?.('warn', `http-01 is left out, its port cannot be opened: ${why}`);
      return undefined;
    });
    const close = this.#close;
    const isOpen = (await close) !== undefined;
    const release = async (): Promise<void> => {
      this.#users--;
      if (this.#users > 0) return;
      this.#close = undefined;
      await (await close)?.().catch(() => undefined);
    };
    return { isOpen, release };
  }
}
