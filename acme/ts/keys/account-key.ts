/**
 * The key that an ACME account is known by, and the signatures it makes (RFC 7515, RFC 7638).
 *
 * @module
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { AcmeError } from '../errors/acme-error.ts';

/** A public key as JWK with its members in lexical order, so that its JSON is the input of RFC 7638. */
export type TPublicJwk = Readonly<Record<string, string>>;

type TAccountAlgorithm = 'ES256' | 'ES384' | 'RS256';

function algorithmOf(key: KeyObject): TAccountAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined;
  if (curve === 'prime256v1') return 'ES256';
  if (curve === 'secp384r1') return 'ES384';
  throw new AcmeError('ACME_KEY', 'account keys are P-256, P-384 or RSA');
}

function publicJwk(key: KeyObject): TPublicJwk {
  const jwk: Readonly<Record<string, unknown>> = { ...createPublicKey(key).export({ format: 'jwk' }) };
  const names = jwk['kty'] === 'RSA' ? ['e', 'kty', 'n'] : ['crv', 'kty', 'x', 'y'];
  return Object.fromEntries(names.map((name) => [name, String(jwk[name])]));
}

/** base64url of a value's JSON. */
export function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

/** A signed request body (RFC 8555 §6.2: flattened JSON serialization). */
export interface IJws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** An account's private key. It never appears in messages; `toPem` is for storing it. */
export class AccountKey {
  readonly algorithm: TAccountAlgorithm;
  readonly jwk: TPublicJwk;
  /** SHA-256 thumbprint of the public key (RFC 7638), base64url. */
  readonly thumbprint: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    this.algorithm = algorithmOf(key);
    this.jwk = publicJwk(key);
    this.thumbprint = createHash('sha256').update(JSON.stringify(this.jwk)).digest('base64url');
    this.#key = key;
  }

  /** A new P-256 key. */
  static generate(): AccountKey {
    return new AccountKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  }

  /**
   * A key from PEM (P-256, P-384 or RSA, so that accounts made by other clients can be kept).
   *
   * @throws AcmeError `ACME_KEY`.
   */
  static fromPem(pem: string): AccountKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch {
      // No cause: OpenSSL's messages may quote key material.
      throw new AcmeError('ACME_KEY', 'the account key is not a readable PEM private key');
    }
    return new AccountKey(key);
  }

  /** PKCS #8 PEM. Secret. */
  toPem(): string {
    return this.#key.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  /** Signs `payload` under a header; `alg` is filled in. An empty string payload is a POST-as-GET (RFC 8555 §6.3). */
  sign(header: Readonly<Record<string, unknown>>, payload: unknown): IJws {
    return signWith(this.#key, this.algorithm, header, payload);
  }
}

/** Signs with any supported private key, for revocation by certificate key (RFC 8555 §7.6). */
export function signWithKey(key: KeyObject, header: Readonly<Record<string, unknown>>, payload: unknown): IJws {
  return signWith(key, algorithmOf(key), { ...header, jwk: publicJwk(key) }, payload);
}

function signWith(
  key: KeyObject,
  algorithm: TAccountAlgorithm,
  header: Readonly<Record<string, unknown>>,
  payload: unknown,
): IJws {
  const head = encodeJson({ alg: algorithm, ...header });
  const body = payload === '' ? '' : encodeJson(payload);
  const digest = algorithm === 'ES384' ? 'sha384' : 'sha256';
  const input = Buffer.from(`${head}.${body}`, 'latin1');
  // RFC 7518 §3.4: ECDSA signatures are the two integers side by side, not DER. RSA ignores the option.
  const signature = sign(digest, input, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return { protected: head, payload: body, signature };
}

/** What a CA hands out to tie an ACME account to a customer (RFC 8555 §7.3.4). */
export interface IExternalAccountBinding {
  readonly keyId: string;
  /** MAC key, base64url as CAs show it. Secret. */
  readonly macKey: string;
}

/** The `externalAccountBinding` member of a new account. */
export function bindExternalAccount(binding: IExternalAccountBinding, url: string, jwk: TPublicJwk): IJws {
  const head = encodeJson({ alg: 'HS256', kid: binding.keyId, url });
  const payload = encodeJson(jwk);
  const secret = Buffer.from(binding.macKey, 'base64url');
  const signature = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url');
  return { protected: head, payload, signature };
}
