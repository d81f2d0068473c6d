/**
 * HTTP basic authentication, RFC 7617.
 *
 * Passwords from the configuration are kept as HMACs under a key of this process, and compared in constant time, against
 * a dummy where the user is unknown. Hashes by scrypt are checked off the main thread, few at a time, and a right
 * password is remembered for some minutes. Where one user has a hash all passwords are hashed, so that the time tells
 * nobody which users there are.
 *
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IRouteBasicAuth } from '../interfaces/security.ts';
import { securityLimits } from '../limits/security.ts';
import { derive, parsePasswordHash, type IPasswordHash } from './password-hash.ts';
import { VerifiedCache } from './verified-cache.ts';

/** `busy`: too many password checks wait. */
export type TBasicResult = 'ok' | 'missing' | 'wrong' | 'busy';

interface ICredentials {
  readonly username: string;
  readonly password: string;
}

const KEY_BYTES = 32;
const DEFAULT_REALM = 'Restricted';
const MS_PER_SECOND = 1_000;

/** Checks that run or wait, over all routes: the threads they use are shared too. */
let running = 0;
const waiting: Array<() => void> = [];

export class BasicAuth {
  /** The value of WWW-Authenticate, RFC 7617 §2.1. */
  readonly challenge: string;
  readonly #key = randomBytes(KEY_BYTES);
  readonly #plain = new Map<string, Buffer>();
  readonly #hashed = new Map<string, IPasswordHash>();
  /** Compared with where the user is unknown, so that this takes as long. */
  readonly #nobody: Buffer;
  readonly #nobodyHash: IPasswordHash | null;
  readonly #verified = new VerifiedCache<true>();

  constructor(config: Pick<IRouteBasicAuth, 'users' | 'realm'>) {
    const realm = (config.realm ?? DEFAULT_REALM).replaceAll(/["\\]/g, String.raw`\$&`);
    this.challenge = `Basic realm="${realm}", charset="UTF-8"`;
    this.#nobody = randomBytes(KEY_BYTES);
    for (const user of config.users) {
      const hash = user.passwordHash === undefined ? null : parsePasswordHash(user.passwordHash);
      if (hash !== null) this.#hashed.set(normalize(user.username), hash);
      else if (user.password !== undefined) this.#plain.set(normalize(user.username), this.#mac(user.password));
    }
    this.#nobodyHash = this.#hashed.values().next().value ?? null;
  }

  /** @param header the Authorization value. Answers at once unless scrypt has to be asked. */
  check(header: string | undefined, nowMs: number): TBasicResult | Promise<TBasicResult> {
    const found = header === undefined ? null : readCredentials(header);
    if (found === null) return header === undefined ? 'missing' : 'wrong';
    const isPlain = timingSafeEqual(this.#mac(found.password), this.#plain.get(found.username) ?? this.#nobody);
    if (this.#nobodyHash === null) return isPlain ? 'ok' : 'wrong';
    const key = this.#verified.keyOf(header!);
    if (this.#verified.get(key, nowMs) === true) return 'ok';
    return this.#checkHash(found, isPlain, key, nowMs);
  }

  async #checkHash(found: ICredentials, isPlain: boolean, key: string, nowMs: number): Promise<TBasicResult> {
    const hash = this.#hashed.get(found.username);
    const like = hash ?? this.#nobodyHash!;
    if (running >= securityLimits.scryptParallelMax) {
      if (waiting.length >= securityLimits.scryptQueueMax) return 'busy';
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      const derived = await derive(found.password, like);
      const isHashed = timingSafeEqual(derived, like.hash) && hash !== undefined;
      if (!isHashed && !isPlain) return 'wrong';
    } finally {
      // The place is handed on, so that a newcomer cannot slip in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
    this.#verified.set(key, true, nowMs + securityLimits.verifiedSeconds * MS_PER_SECOND);
    return 'ok';
  }

  #mac(password: string): Buffer {
    return createHmac('sha256', this.#key).update(normalize(password)).digest();
  }
}

/** RFC 7617 §2.1 with charset UTF-8: compared in NFC. */
function normalize(text: string): string {
  return text.normalize('NFC');
}

/** `Basic ` and base64 of `user:password`; null for anything else. The scheme's case does not matter (RFC 9110 §11.1). */
function readCredentials(header: string): ICredentials | null {
  if (header.length > securityLimits.basicHeaderCharsMax) return null;
  const found = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header);
  if (!found) return null;
  const text = Buffer.from(found[1]!, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  return { username: normalize(text.slice(0, colon)), password: text.slice(colon + 1) };
}
