/**
 * Signature algorithms: keys, their form in DNSKEY records, and signing.
 *
 * @module
 */
import { createPublicKey, generateKeyPair, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { dnssecAlgorithms } from '#wire';
import { rsaKeyBits } from '../limits/dnssec.ts';

/** Algorithms that validators must know (RFC 8624 §3.1). */
export type TSigningAlgorithm = 'RSASHA256' | 'ECDSAP256SHA256' | 'ED25519';

type TJwk = Readonly<Record<string, unknown>>;

interface IAlgorithm {
  generate(): Promise<KeyObject>;
  /** The key as DNSKEY records carry it. */
  publicKey(jwk: TJwk): Buffer;
  /** The signature as RRSIG records carry it. */
  sign(key: KeyObject, data: Uint8Array): Buffer;
}

const generate = promisify(generateKeyPair);

const algorithms: Readonly<Record<TSigningAlgorithm, IAlgorithm>> = {
  ECDSAP256SHA256: {
    generate: async () => (await generate('ec', { namedCurve: 'P-256' })).privateKey,
    // RFC 6605 §4: x | y, 32 bytes each.
    publicKey: (jwk) => Buffer.concat([part(jwk, 'x', 32), part(jwk, 'y', 32)]),
    // RFC 6605 §4: r | s, 32 bytes each, and not the DER that crypto libraries give by default.
    sign: (key, data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  },
  ED25519: {
    generate: async () => (await generate('ed25519')).privateKey,
    // RFC 8080 §3.
    publicKey: (jwk) => part(jwk, 'x', 32),
    sign: (key, data) => sign(null, data, key),
  },
  RSASHA256: {
    generate: async () => (await generate('rsa', { modulusLength: rsaKeyBits })).privateKey,
    publicKey: rsaPublicKey,
    sign: (key, data) => sign('sha256', data, key),
  },
};

/** All of them, the recommended one first. */
export const signingAlgorithms = Object.keys(algorithms) as readonly TSigningAlgorithm[];

/** RFC 3110 §2: length of the exponent, exponent, modulus. */
function rsaPublicKey(jwk: TJwk): Buffer {
  const exponent = part(jwk, 'e');
  const head = exponent.length < 256 ? [exponent.length] : [0, exponent.length >> 8, exponent.length & 255];
  return Buffer.concat([Buffer.from(head), exponent, part(jwk, 'n')]);
}

function part(jwk: TJwk, name: string, length?: number): Buffer {
  const value = jwk[name];
  if (typeof value !== 'string') {
    throw new TypeError(`the key has no "${name}": it is of another kind than its algorithm`);
  }
  const bytes = Buffer.from(value, 'base64url');
  if (length === undefined || bytes.length === length) return bytes;
  return Buffer.concat([Buffer.alloc(length - bytes.length), bytes]);
}

export function algorithmNumber(algorithm: TSigningAlgorithm): number {
  return dnssecAlgorithms[algorithm];
}

export function generatePrivateKey(algorithm: TSigningAlgorithm): Promise<KeyObject> {
  return algorithms[algorithm].generate();
}

/** The key as DNSKEY records carry it. */
export function publicKeyBytes(algorithm: TSigningAlgorithm, privateKey: KeyObject): Buffer {
  return algorithms[algorithm].publicKey(createPublicKey(privateKey).export({ format: 'jwk' }) as unknown as TJwk);
}

/** Signature over the data, in the form of RRSIG records. */
export function signBytes(algorithm: TSigningAlgorithm, privateKey: KeyObject, data: Uint8Array): Buffer {
  return algorithms[algorithm].sign(privateKey, data);
}
