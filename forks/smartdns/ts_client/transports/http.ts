/**
 * What both HTTP versions of a DoH request have in common (RFC 8484 §4).
 *
 * @module
 */
import type { DnsError } from '../errors/errors.ts';
import { clientLimits } from '../limits/limits.ts';

/** What came back over HTTP. */
export interface IHttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The `Age` field, 0 where there is none (RFC 9111 §5.1). */
  readonly ageSeconds: number;
  readonly body: Buffer;
}

/** One HTTP version spoken to one server. */
export interface IHttpExchange {
  /** Whether it can take a further request. */
  readonly usable: boolean;
  /** Whether it has carried an answer before. */
  readonly reused: boolean;
  request(path: string, body: Buffer | undefined, timeoutMs: number): Promise<IHttpAnswer>;
  destroy(reason: DnsError): void;
}

/** RFC 8484 §6. */
export const mediaType = 'application/dns-message';

/** The request header fields that never change. */
export function requestHeaders(bodyBytes: number | undefined): Record<string, string> {
  const headers: Record<string, string> = { accept: mediaType };
  if (bodyBytes !== undefined) {
    headers['content-type'] = mediaType;
    headers['content-length'] = String(bodyBytes);
  }
  return headers;
}

/** Collects a body of bounded size. */
export class BodyCollector {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** @returns false once the body is longer than a DNS message can be */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > clientLimits.messageBytesMax) return false;
    this.#chunks.push(chunk);
    return true;
  }

  take(): Buffer {
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }
}

/** Reads an `Age` field. */
export function parseAge(value: string | undefined): number {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : 0;
}
