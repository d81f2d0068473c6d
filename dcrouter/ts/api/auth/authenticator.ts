/**
 * Who asks, and what they may do.
 *
 * @module
 */
import { StoreUnavailableError } from '../../store/errors.ts';
import type { IStore, IStoredToken } from '../../store/types.ts';
import { tokenFreshMs, tokensKept, tokenStaleMs } from '../limits.ts';
import { ApiError } from '../problems.ts';
import { Failures } from './failures.ts';
import { bearerToken, hashToken, sameHash } from './token.ts';

export interface IPrincipal {
  /** As it stands in the audit: `token:<name>`, or `local`. */
  readonly by: string;
  readonly scopes: readonly string[];
  /** Of a stored token. */
  readonly tokenId?: string;
  readonly expiresAtMs?: number;
  /** Counted under for the rate limit. */
  readonly rateKey: string;
}

/** A token of the document. */
export interface IDocumentToken {
  readonly name: string;
  readonly hash: string;
  readonly scopes: readonly string[];
}

export interface IAuthenticatorOptions {
  /** Undefined: this router keeps nothing, and only the document knows tokens. Null: the store is away. */
  readonly store: () => IStore | null | undefined;
  readonly nowMs?: () => number;
}

interface IRemembered {
  /** Undefined: there is no such token. */
  readonly token: IStoredToken | undefined;
  readonly readAtMs: number;
}

const EVERYTHING = ['admin'];

export class Authenticator {
  readonly failures: Failures;
  /** Requests refused because there were too many of one client. */
  rateLimited = 0;
  readonly #store: IAuthenticatorOptions['store'];
  readonly #nowMs: () => number;
  readonly #known = new Map<string, IRemembered>();
  #document: readonly IDocumentToken[] = [];
  #anyAtMs = -Infinity;
  #any = false;

  constructor({ store, nowMs = Date.now }: IAuthenticatorOptions) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.failures = new Failures(nowMs);
  }

  get documentTokens(): readonly IDocumentToken[] {
    return this.#document;
  }

  useDocument(tokens: readonly IDocumentToken[]): void {
    this.#document = tokens;
    this.forget();
  }

  /** Forgets what was looked up: tokens were made or removed here. */
  forget(): void {
    this.#known.clear();
    this.#anyAtMs = -Infinity;
  }

  /**
   * @param local the request came from this machine, and nobody forwarded it
   * @throws ApiError `DCR_API_UNAUTHORIZED`, `DCR_API_RATE_LIMITED`; StoreUnavailableError
   */
  async authenticate(
    authorization: string | undefined,
    address: string,
    local: boolean,
    failuresMax: number,
  ): Promise<IPrincipal> {
    if (authorization === undefined) {
      if (local && !(await this.anyToken())) return { by: 'local', scopes: EVERYTHING, rateKey: `address ${address}` };
      throw unauthorized('give a token as `Authorization: Bearer dcr_…`');
    }
    const secret = bearerToken(authorization);
    const found = secret === null ? undefined : await this.#find(secret, address, failuresMax);
    if (found !== undefined && (found.expiresAtMs ?? Infinity) > this.#nowMs()) return found;
    this.failures.add(address);
    throw unauthorized(found === undefined ? 'the token is not known' : 'the token has expired');
  }

  /** Whether any token exists, in the document or the store. */
  async anyToken(): Promise<boolean> {
    if (this.#document.length > 0) return true;
    const store = this.#store();
    if (store === undefined) return false;
    const nowMs = this.#nowMs();
    if (this.#any && nowMs - this.#anyAtMs < tokenFreshMs) return true;
    try {
      if (store === null) throw away();
      this.#any = (await store.tokens.list({ limit: 1 })).items.length > 0;
      this.#anyAtMs = nowMs;
      return this.#any;
    } catch (error) {
      // Without having seen the store nobody can say that the door is meant to be open.
      if (!(error instanceof StoreUnavailableError) || this.#anyAtMs === -Infinity || !this.#any) throw error;
      return true;
    }
  }

  async #find(secret: string, address: string, failuresMax: number): Promise<IPrincipal | undefined> {
    const hash = hashToken(secret);
    let named: IDocumentToken | undefined;
    // All of them, so that the time does not tell which.
    for (const token of this.#document) if (sameHash(token.hash, hash)) named = token;
    if (named !== undefined) {
      const { name, scopes } = named;
      return { by: `token:${name}`, scopes, rateKey: `document ${name}` };
    }
    const stored = await this.#lookUp(hash, address, failuresMax);
    if (stored === undefined || !sameHash(stored.secretHash, hash)) return undefined;
    const { id, name, scopes, expiresAtMs } = stored;
    return {
      by: `token:${name}`,
      scopes,
      tokenId: id,
      rateKey: `token ${id}`,
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    };
  }

  async #lookUp(hash: string, address: string, failuresMax: number): Promise<IStoredToken | undefined> {
    const nowMs = this.#nowMs();
    const known = this.#known.get(hash);
    if (known !== undefined && nowMs - known.readAtMs < tokenFreshMs) return known.token;
    const blockedMs = known?.token === undefined ? this.failures.blockedMs(address, failuresMax) : 0;
    if (blockedMs > 0) {
      throw new ApiError('DCR_API_RATE_LIMITED', 'too many unknown tokens from this address; wait and try again', {
        headers: { 'retry-after': String(Math.ceil(blockedMs / 1_000)) },
      });
    }
    const store = this.#store();
    if (store === undefined) return undefined;
    try {
      if (store === null) throw away();
      const token = await store.tokens.bySecretHash(hash);
      this.#remember(hash, { token, readAtMs: nowMs });
      if (token !== undefined) {
        this.#any = true;
        this.#anyAtMs = nowMs;
        // When it was used last is for people to look at; that it cannot be written keeps nobody out.
        void store.tokens.touch(token.id, nowMs).catch(() => undefined);
      }
      return token;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      if (known?.token !== undefined && nowMs - known.readAtMs < tokenStaleMs) return known.token;
      throw error;
    }
  }

  #remember(hash: string, remembered: IRemembered): void {
    this.#known.delete(hash);
    if (this.#known.size >= tokensKept) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(hash, remembered);
  }
}

function unauthorized(message: string): ApiError {
  return new ApiError('DCR_API_UNAUTHORIZED', message, { headers: { 'www-authenticate': 'Bearer realm="dcrouter"' } });
}

function away(): StoreUnavailableError {
  return new StoreUnavailableError('the store has not been reached since the start; tokens cannot be looked up');
}
