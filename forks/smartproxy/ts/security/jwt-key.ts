/**
 * The key of a token check, and which algorithm goes with it (RFC 7518 §3.1).
 *
 * A key decides the algorithm, never the token: a public key that an attacker uses as a shared secret, or a token that
 * says `none`, find no way in.
 *
 * @module
 */
import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { TJwtAlgorithm } from '../interfaces/security.ts';
import { SecurityConfigError } from './error.ts';

/** RFC 7518 §3.4: each algorithm has its curve, and signatures are both numbers side by side. */
const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };
/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2_048;

export class JwtKey {
  readonly algorithm: TJwtAlgorithm;
  readonly #key: KeyObject;
  readonly #digest: string;

  /** @throws SecurityConfigError when key and algorithm do not go together. */
  constructor(secret: string, algorithm: TJwtAlgorithm | undefined) {
    const isPem = secret.includes('-----BEGIN ');
    this.#key = isPem ? readPem(secret) : createSecretKey(Buffer.from(secret, 'utf8'));
    this.algorithm = algorithm ?? (isPem ? defaultAlgorithm(this.#key) : 'HS256');
    this.#digest = `sha${this.algorithm.slice(2)}`;
    const fault = findFault(this.#key, this.algorithm);
    if (fault) throw new SecurityConfigError('jwtAuth.algorithm', fault);
  }

  /** Whether the signature belongs to the text. */
  verify(text: string, signature: Buffer): boolean {
    const family = this.algorithm.slice(0, 2);
    const data = Buffer.from(text, 'latin1');
    if (family === 'HS') {
      const expected = createHmac(this.#digest, this.#key).update(data).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    }
    try {
      if (family === 'ES') return verify(this.#digest, data, { key: this.#key, dsaEncoding: 'ieee-p1363' }, signature);
      if (family === 'RS') return verify(this.#digest, data, this.#key, signature);
      // RFC 7518 §3.5: the salt is as long as the digest.
      const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      return verify(this.#digest, data, { key: this.#key, ...padding }, signature);
    } catch {
      // OpenSSL refuses some malformed signatures with an error instead of a plain no.
      return false;
    }
  }
}

function readPem(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY-----')) {
    throw new SecurityConfigError('jwtAuth.secret', 'is a private key; only the public key is needed to check tokens');
  }
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw new SecurityConfigError('jwtAuth.secret', `is no public key: ${(error as Error).message}`);
  }
}

function defaultAlgorithm(key: KeyObject): TJwtAlgorithm {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const found = Object.entries(CURVES).find(([, name]) => name === curve);
  return (found?.[0] as TJwtAlgorithm | undefined) ?? 'RS256';
}

function findFault(key: KeyObject, algorithm: TJwtAlgorithm): string | null {
  if (algorithm.startsWith('HS')) {
    return key.type === 'secret' ? null : `is ${algorithm}, but the secret is a public key, which is no secret`;
  }
  if (key.type === 'secret') return `is ${algorithm}, which needs a public key in PEM as the secret`;
  const details = key.asymmetricKeyDetails;
  if (algorithm.startsWith('ES')) {
    const curve = CURVES[algorithm];
    return details?.namedCurve === curve ? null : `is ${algorithm}, which needs a key on the curve ${curve}`;
  }
  if (key.asymmetricKeyType !== 'rsa' && !(algorithm.startsWith('PS') && key.asymmetricKeyType === 'rsa-pss')) {
    return `is ${algorithm}, which needs an RSA key`;
  }
  const bits = details?.modulusLength ?? 0;
  return bits >= RSA_BITS_MIN
    ? null
    : `is ${algorithm}, which needs an RSA key of ${RSA_BITS_MIN} bits; it has ${bits}`;
}
