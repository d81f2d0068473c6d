/**
 * DNS cookies from the client's side (RFC 7873 §5): a reply that does not repeat our half was sent by somebody who has
 * not seen our query.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { ednsOptions } from '#wire';
import type { IDnsMessage } from '#wire';

/** RFC 7873 §4. */
const clientCookieBytes = 8;
const serverCookieBytesMin = 8;
const serverCookieBytesMax = 32;

/** What a reply's cookie says. `missing`: the server has sent cookies before, and now does not. */
export type TCookieVerdict = 'fine' | 'forged' | 'missing';

/** The cookies between this client and one server. */
export class CookieJar {
  /** One per server, so that servers cannot recognise us by it among themselves (RFC 7873 §4.1). */
  readonly #client: Buffer = randomBytes(clientCookieBytes);
  #option: Buffer = this.#client;

  /** The option's data for the next query. */
  get option(): Buffer {
    return this.#option;
  }

  /** Checks a reply's cookie, and keeps the server's half for the next query. */
  check(message: IDnsMessage): TCookieVerdict {
    const data = message.edns?.options.find((option) => option.code === ednsOptions.COOKIE)?.data;
    const known = this.#option.length > clientCookieBytes;
    if (data === undefined) return known ? 'missing' : 'fine';
    if (data.length < clientCookieBytes || !this.#client.equals(data.subarray(0, clientCookieBytes))) return 'forged';
    const serverBytes = data.length - clientCookieBytes;
    // RFC 7873 §5.3: only our half, or a server's half of a length that cannot be, is no cookie to send back.
    if (serverBytes >= serverCookieBytesMin && serverBytes <= serverCookieBytesMax) this.#option = Buffer.from(data);
    return 'fine';
  }

  /** Forgets the server's half: it may no longer speak cookies. */
  forget(): void {
    this.#option = this.#client;
  }
}
