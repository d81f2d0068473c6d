/**
 * What a probe is given, and gives.
 *
 * @module
 */

/** One address to look at. */
export interface IProbeTarget {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** As configured; the address itself where that was given. */
  readonly host: string;
}

/** How long a look may take, and that it is not wanted any more. */
export interface IProbeBounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Looks once: null when all is well, else why not. Never rejects. */
export type TProbe = (target: IProbeTarget, bounds: IProbeBounds) => Promise<string | null>;
