/**
 * What is known at the moment of a decision. One object per source is filled anew for each, so that asking the rules
 * allocates nothing; its shape never changes. What is not known is `undefined`, as a number NaN.
 *
 * @module
 */
import { ipWords, parseIp } from '@dcrouter/smartproxy';
import { ruleLimits } from './limits.ts';
import { STAGE } from './stages.ts';

/** Headers of a request, asked for by lower-case name. */
export interface IHeaderSource {
  header(name: string): string | undefined;
}

const BITS = 32;
export const TAG_WORDS = ruleLimits.tags / BITS;

export class Facts {
  /** One of the bits of `STAGE`. */
  stage: number = STAGE.connection;
  clientIp: string | undefined = undefined;
  clientPort = Number.NaN;
  connPort = Number.NaN;
  connProtocol: string | undefined = undefined;
  tlsSni: string | undefined = undefined;
  tlsVersion: string | undefined = undefined;
  httpMethod: string | undefined = undefined;
  httpScheme: string | undefined = undefined;
  httpHost: string | undefined = undefined;
  httpPath: string | undefined = undefined;
  httpQuery: string | undefined = undefined;
  httpVersion: string | undefined = undefined;
  message: IHeaderSource | null = null;
  dnsQname: string | undefined = undefined;
  dnsQtype: string | undefined = undefined;
  dnsQclass: string | undefined = undefined;
  dnsTransport: string | undefined = undefined;
  dnsDo: boolean | undefined = undefined;
  dnsRd: boolean | undefined = undefined;
  smtpHelo: string | undefined = undefined;
  smtpFrom: string | undefined = undefined;
  smtpTo: string | undefined = undefined;
  smtpAuthUser: string | undefined = undefined;
  smtpSize = Number.NaN;
  routeName: string | undefined = undefined;
  /** Unix ms; NaN: the clock is asked when a rule wants to know. */
  atMs = Number.NaN;
  readonly tags = new Uint32Array(TAG_WORDS);
  hasTags = false;
  /** The client's address as four words; see {@link hasAddress}. */
  readonly words = new Uint32Array(4);
  #wordsOf: string | undefined = undefined;
  #isAddress = false;

  /** Whether {@link words} holds the client's address; reads it when it is another one than before. */
  hasAddress(): boolean {
    if (this.clientIp === this.#wordsOf) return this.#isAddress;
    this.#wordsOf = this.clientIp;
    this.#isAddress = this.clientIp !== undefined && parseIp(this.clientIp) !== 0;
    if (this.#isAddress) this.words.set(ipWords);
    return this.#isAddress;
  }

  setTag(index: number): void {
    this.tags[index >>> 5]! |= 1 << (index & 31);
    this.hasTags = true;
  }

  clearTags(): void {
    if (!this.hasTags) return;
    this.tags.fill(0);
    this.hasTags = false;
  }
}

/** The domain of a mail address, lower case; undefined for the empty sender and for what has none. */
export function domainOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const at = address.lastIndexOf('@');
  return at === -1 || at === address.length - 1 ? undefined : address.slice(at + 1).toLowerCase();
}

/** A cookie's value (RFC 6265 §5.4); the first of several with one name. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  let at = 0;
  while (at < header.length) {
    while (header[at] === ' ' || header[at] === '\t') at += 1;
    let end = header.indexOf(';', at);
    if (end === -1) end = header.length;
    if (header.startsWith(name, at) && header[at + name.length] === '=') {
      return header.slice(at + name.length + 1, end).trim();
    }
    at = end + 1;
  }
  return undefined;
}
