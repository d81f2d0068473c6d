/**
 * An ACME server without sockets: a transport that checks signatures and nonces and issues real certificates at once.
 * For what `pebble` cannot do: renewal information, rate limits, outages, short lives, broken answers, other times.
 *
 * @module
 */
import type { KeyObject } from 'node:crypto';
import { createPublicKey, verify } from 'node:crypto';

import type { IAcmeClock, IAcmeRequest, IAcmeResponse, TAcmeTransport } from '@dcrouter/acme';
import { AcmeError, CertificateAuthority } from '@dcrouter/acme';

/** A clock that moves only when told, or when somebody sleeps on it. */
export class FakeClock implements IAcmeClock {
  nowMs: number;
  readonly sleeps: number[] = [];

  constructor(start = '2030-01-01T00:00:00Z') {
    this.nowMs = Date.parse(start);
  }

  now(): number {
    return this.nowMs;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    this.sleeps.push(durationMs);
    this.nowMs += durationMs;
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted === true) throw new AcmeError('ACME_ABORTED', 'aborted');
  }
}

interface IFakeOrder {
  readonly names: readonly string[];
  readonly replaces: string | undefined;
  readonly profile: string | undefined;
  status: string;
  authorizations: string[];
  certificate: string | undefined;
  /** Looks at the order that still say `processing`. */
  processing: number;
}

interface IFakeAuthorization {
  readonly name: string;
  readonly wildcard: boolean;
  status: string;
}

interface IJwsHeader {
  readonly alg: string;
  readonly nonce: string;
  readonly url: string;
  readonly kid?: string;
  readonly jwk?: Record<string, string>;
}

/** Changes the answer to a request, or leaves it (undefined). */
export type TIntercept = (request: IAcmeRequest, payload: unknown) => IAcmeResponse | undefined;

const base = 'https://ca.test';

/** A response with a JSON body. */
export function jsonResponse(status: number, body: unknown, headers: Record<string, string> = {}): IAcmeResponse {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  return { status, headers: { 'content-type': type, ...headers }, body: Buffer.from(JSON.stringify(body)) };
}

/** A problem document. */
export function problemResponse(status: number, type: string, detail: string, headers = {}): IAcmeResponse {
  return jsonResponse(status, { type: `urn:ietf:params:acme:error:${type}`, detail, status }, headers);
}

/** The server. Set its fields to make it behave. */
export class FakeCa {
  readonly directoryUrl = `${base}/dir`;
  readonly authority: CertificateAuthority;
  readonly orders: IFakeOrder[] = [];
  readonly requests: string[] = [];
  readonly contacts: string[][] = [];
  lifetimeMs = 90 * 86_400_000;
  /** When set, the directory offers renewal information with this window for every certificate. */
  renewalWindow: ((certificateId: string) => { start: Date; end: Date; retryAfter?: string }) | undefined;
  intercept: TIntercept | undefined;
  /** When set, every request fails to arrive. */
  down = false;
  processingLooks = 0;
  /** Checks a challenge before the authorization becomes valid; default: all succeed. */
  validate: ((name: string, type: string) => string | undefined) | undefined;
  /** Public key for the certificate instead of the request's. */
  certifyKey: KeyObject | undefined;
  readonly #clock: IAcmeClock;
  readonly #accounts = new Map<string, KeyObject>();
  readonly #authorizations: IFakeAuthorization[] = [];
  readonly #nonces = new Set<string>();
  #count = 0;

  constructor(clock: IAcmeClock) {
    this.#clock = clock;
    this.authority = new CertificateAuthority('Fake root', { now: new Date(clock.now()) });
  }

  /** Forgets every account, as a CA that was set up anew. */
  forgetAccounts(): void {
    this.#accounts.clear();
  }

  readonly transport: TAcmeTransport = async (request) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (request.signal?.aborted === true) throw new AcmeError('ACME_ABORTED', 'aborted');
    if (this.down) throw new AcmeError('ACME_UNREACHABLE', 'connection refused', { retry: true });
    const path = request.url.slice(base.length);
    this.requests.push(`${request.method} ${path}`);
    const response = this.#respond(request, path);
    const nonce = `nonce${++this.#count}`;
    this.#nonces.add(nonce);
    return { ...response, headers: { 'replay-nonce': nonce, ...response.headers } };
  };

  #respond(request: IAcmeRequest, path: string): IAcmeResponse {
    if (request.method !== 'POST') return this.intercept?.(request, undefined) ?? this.#plain(path);
    const jws = JSON.parse(request.body ?? '') as { protected: string; payload: string; signature: string };
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as IJwsHeader;
    const payload: unknown = jws.payload === '' ? '' : JSON.parse(Buffer.from(jws.payload, 'base64url').toString());
    if (header.url !== request.url) return problemResponse(400, 'unauthorized', 'url does not match');
    if (!this.#nonces.delete(header.nonce)) return problemResponse(400, 'badNonce', 'unknown nonce');
    const forced = this.intercept?.(request, payload);
    if (forced !== undefined) return forced;
    const key =
      header.jwk === undefined
        ? this.#accounts.get(header.kid ?? '')
        : createPublicKey({ key: header.jwk, format: 'jwk' });
    if (key === undefined) return problemResponse(400, 'accountDoesNotExist', 'no such account');
    const signed = Buffer.from(`${jws.protected}.${jws.payload}`);
    const signature = Buffer.from(jws.signature, 'base64url');
    const digest = header.alg === 'ES384' ? 'sha384' : 'sha256';
    if (!verify(digest, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)) {
      return problemResponse(400, 'malformed', 'bad signature');
    }
    return this.#signed(path, payload as Record<string, unknown>, key);
  }

  #plain(path: string): IAcmeResponse {
    if (path === '/nonce') return { status: 200, headers: {}, body: Buffer.alloc(0) };
    if (path === '/dir') {
      const urls = ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange'].map((name) => [
        name,
        `${base}/${name === 'newNonce' ? 'nonce' : name}`,
      ]);
      const advice = this.renewalWindow === undefined ? {} : { renewalInfo: `${base}/renewal` };
      return jsonResponse(200, { ...Object.fromEntries(urls), ...advice, meta: { profiles: { short: 'six days' } } });
    }
    if (path.startsWith('/renewal/') && this.renewalWindow !== undefined) {
      const { start, end, retryAfter } = this.renewalWindow(path.slice('/renewal/'.length));
      const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      return jsonResponse(200, { suggestedWindow: { start, end } }, headers);
    }
    return problemResponse(404, 'malformed', 'no such resource');
  }

  #signed(path: string, payload: Record<string, unknown>, key: KeyObject): IAcmeResponse {
    const [, resource, number = '0', type = ''] = path.split('/');
    if (resource === 'newAccount') return this.#newAccount(payload, key);
    if (resource === 'newOrder') return this.#newOrder(payload);
    if (resource === 'order') return this.#orderResponse(Number(number), 200);
    if (resource === 'authorization') return this.#authorizationResponse(Number(number), payload);
    if (resource === 'challenge') return this.#challenge(Number(number), type);
    if (resource === 'finalize') return this.#finalize(Number(number), payload);
    if (resource === 'certificate') {
      const body = Buffer.from(this.orders[Number(number)]?.certificate ?? '');
      return { status: 200, headers: { 'content-type': 'application/pem-certificate-chain' }, body };
    }
    return problemResponse(404, 'malformed', 'no such resource');
  }

  #newAccount(payload: Record<string, unknown>, key: KeyObject): IAcmeResponse {
    const der = key.export({ type: 'spki', format: 'der' });
    for (const [url, known] of this.#accounts) {
      if (known.export({ type: 'spki', format: 'der' }).equals(der)) {
        return jsonResponse(200, { status: 'valid' }, { location: url });
      }
    }
    if (payload['onlyReturnExisting'] === true) return problemResponse(400, 'accountDoesNotExist', 'none');
    const url = `${base}/account/${++this.#count}`;
    this.#accounts.set(url, key);
    this.contacts.push(payload['contact'] as string[]);
    return jsonResponse(201, { status: 'valid' }, { location: url });
  }

  #newOrder(payload: Record<string, unknown>): IAcmeResponse {
    const names = (payload['identifiers'] as { value: string }[]).map((item) => item.value);
    const authorizations = names.map((name) => {
      const wildcard = name.startsWith('*.');
      this.#authorizations.push({ name: wildcard ? name.slice(2) : name, wildcard, status: 'pending' });
      return `${base}/authorization/${this.#authorizations.length - 1}`;
    });
    this.orders.push({
      names,
      replaces: payload['replaces'] as string | undefined,
      profile: payload['profile'] as string | undefined,
      status: 'pending',
      authorizations,
      certificate: undefined,
      processing: 0,
    });
    return this.#orderResponse(this.orders.length - 1, 201);
  }

  #orderResponse(number: number, status: number): IAcmeResponse {
    const order = this.orders[number];
    if (order === undefined) return problemResponse(404, 'malformed', 'no such order');
    const states = order.authorizations.map((url) => this.#authorizations[Number(url.split('/').at(-1))]?.status);
    if (order.status === 'pending' && states.every((state) => state === 'valid')) order.status = 'ready';
    if (states.includes('invalid')) order.status = 'invalid';
    const shown = order.status === 'valid' && order.processing-- > 0 ? 'processing' : order.status;
    const body = {
      status: shown,
      identifiers: order.names.map((value) => ({ type: 'dns', value })),
      authorizations: order.authorizations,
      finalize: `${base}/finalize/${number}`,
      ...(shown === 'valid' ? { certificate: `${base}/certificate/${number}` } : {}),
    };
    const wait: Record<string, string> = shown === 'processing' ? { 'retry-after': '7' } : {};
    return jsonResponse(status, body, { location: `${base}/order/${number}`, ...wait });
  }

  #authorizationResponse(number: number, payload: unknown): IAcmeResponse {
    const item = this.#authorizations[number];
    if (item === undefined) return problemResponse(404, 'malformed', 'no such authorization');
    if (payload !== '') item.status = 'deactivated';
    const types = item.wildcard ? ['dns-01'] : ['http-01', 'tls-alpn-01', 'dns-01', 'unknown-99'];
    return jsonResponse(200, {
      status: item.status,
      identifier: { type: 'dns', value: item.name },
      wildcard: item.wildcard,
      challenges: types.map((type) => ({
        type,
        url: `${base}/challenge/${number}/${type}`,
        token: `token-${number}`,
        status: item.status,
        ...(item.status === 'invalid' ? { error: { type: 'urn:ietf:params:acme:error:dns', detail: 'nobody' } } : {}),
      })),
    });
  }

  #challenge(number: number, type: string): IAcmeResponse {
    const item = this.#authorizations[number];
    if (item === undefined) return problemResponse(404, 'malformed', 'no such challenge');
    item.status = this.validate?.(item.name, type) === undefined ? 'valid' : 'invalid';
    return jsonResponse(200, { type, status: 'processing' });
  }

  #finalize(number: number, payload: Record<string, unknown>): IAcmeResponse {
    const order = this.orders[number];
    if (order?.status !== 'ready') return problemResponse(403, 'orderNotReady', 'not ready');
    const publicKey = this.certifyKey ?? requestKey(Buffer.from(payload['csr'] as string, 'base64url'));
    const now = this.#clock.now();
    const life = { notBefore: new Date(now), notAfter: new Date(now + this.lifetimeMs) };
    const leaf = this.authority.issue({ names: order.names, publicKey, ...life });
    order.certificate = leaf.cert + this.authority.cert;
    order.status = 'valid';
    order.processing = this.processingLooks;
    return this.#orderResponse(number, 200);
  }
}

/** The public key of a certificate request: third element of its content (RFC 2986 §4.1). */
function requestKey(request: Buffer): KeyObject {
  const content = inside(inside(request));
  const afterVersion = content.subarray(elementLength(content));
  const key = afterVersion.subarray(elementLength(afterVersion));
  return createPublicKey({ key: key.subarray(0, elementLength(key)), format: 'der', type: 'spki' });
}

function headLength(bytes: Buffer): number {
  const first = bytes[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function elementLength(bytes: Buffer): number {
  const head = headLength(bytes);
  return head + (head === 2 ? (bytes[1] ?? 0) : bytes.readUIntBE(2, head - 2));
}

function inside(bytes: Buffer): Buffer {
  return bytes.subarray(headLength(bytes), elementLength(bytes));
}
