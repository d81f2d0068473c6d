/**
 * The streams that are open, in bounded number.
 *
 * @module
 */
import type { FastifyReply } from 'fastify';
import type { IEventBus } from '../../events/types.ts';
import type { IPrincipal } from '../auth/authenticator.ts';
import { replayLingerMs, streamsMax } from '../limits.ts';
import { ApiError } from '../problems.ts';
import { ReplayRing } from './replay.ts';
import { sseLimits, SseStream, type ISseLimits } from './sse-stream.ts';

export interface IStreamStats {
  readonly open: number;
  /** Opened since the start. */
  readonly opened: number;
  /** Refused as there were too many. */
  readonly refused: number;
  /** Messages that slow clients did not get. */
  readonly dropped: number;
}

export interface IStreamOptions {
  readonly limits?: ISseLimits;
  readonly lingerMs?: number;
}

export class Streams {
  readonly replay: ReplayRing;
  readonly #limits: ISseLimits;
  readonly #open = new Map<SseStream, IPrincipal>();
  #opened = 0;
  #refused = 0;
  #dropped = 0;

  constructor(events: IEventBus, options: IStreamOptions = {}) {
    this.replay = new ReplayRing(events, options.lingerMs ?? replayLingerMs);
    this.#limits = options.limits ?? sseLimits;
  }

  stats(): IStreamStats {
    let dropped = this.#dropped;
    for (const stream of this.#open.keys()) dropped += stream.dropped;
    return { open: this.#open.size, opened: this.#opened, refused: this.#refused, dropped };
  }

  /** @throws ApiError `DCR_API_STREAMS` */
  assertRoom(): void {
    if (this.#open.size < streamsMax) return;
    this.#refused += 1;
    throw new ApiError('DCR_API_STREAMS', `${streamsMax} streams are open already; end one of them first`);
  }

  /**
   * Takes a reply over. To be called once nothing can be refused any more.
   *
   * @param onClose lets go of the stream's source
   */
  begin(reply: FastifyReply, principal: IPrincipal, onClose: () => void): SseStream {
    reply.hijack();
    const allowed = (): boolean => (principal.expiresAtMs ?? Infinity) > Date.now();
    const stream: SseStream = new SseStream(
      reply.raw,
      () => {
        this.#open.delete(stream);
        this.#dropped += stream.dropped;
        onClose();
      },
      allowed,
      this.#limits,
    );
    this.#open.set(stream, principal);
    this.#opened += 1;
    return stream;
  }

  /** Ends the streams of a token that is no more. */
  endOf(tokenId: string): void {
    for (const [stream, principal] of this.#open) if (principal.tokenId === tokenId) stream.close();
  }

  stop(): void {
    for (const stream of this.#open.keys()) stream.close();
    this.replay.stop();
  }
}
