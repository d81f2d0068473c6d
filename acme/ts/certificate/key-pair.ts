/**
 * Key pairs of certificates.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { derElement, derObjectIdentifier, derSequence } from '../der/encode.ts';
import { objectIdentifier } from '../der/object-identifiers.ts';
import { AcmeError } from '../errors/acme-error.ts';

/** Kinds of certificate key. `ecdsa-p256` is small, quick and accepted everywhere since about 2015. */
export type TCertificateKeyType = 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096';

/** A private key with its PEM and its public half. */
export interface ICertificateKeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** PKCS #8 PEM of the private key. */
  readonly pem: string;
}

const generate = promisify(generateKeyPair);
const curves = { 'ecdsa-p256': 'P-256', 'ecdsa-p384': 'P-384' } as const;

function fromPrivateKey(privateKey: KeyObject): ICertificateKeyPair {
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A new key pair; RSA is made off the event loop, where it takes up to seconds. */
export async function generateCertificateKey(type: TCertificateKeyType = 'ecdsa-p256'): Promise<ICertificateKeyPair> {
  if (type === 'ecdsa-p256' || type === 'ecdsa-p384') {
    return fromPrivateKey((await generate('ec', { namedCurve: curves[type] })).privateKey);
  }
  return fromPrivateKey((await generate('rsa', { modulusLength: Number(type.slice(4)) })).privateKey);
}

/** A new P-256 key pair at once (about 0.1 ms). */
export function generateCertificateKeySync(): ICertificateKeyPair {
  return fromPrivateKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/**
 * A key pair from PEM.
 *
 * @throws AcmeError `ACME_KEY` when it cannot be read.
 */
export function importCertificateKey(pem: string): ICertificateKeyPair {
  try {
    return fromPrivateKey(createPrivateKey(pem));
  } catch {
    // The cause is left out on purpose: OpenSSL's messages may quote key material.
    throw new AcmeError('ACME_KEY', 'the certificate key is not a readable PEM private key');
  }
}

/** How signatures of this key are made and named in X.509. */
export function signatureAlgorithm(key: KeyObject): { readonly digest: string; readonly der: Buffer } {
  if (key.asymmetricKeyType === 'rsa') {
    // RFC 4055 §5: the parameters of RSA signatures are an explicit NULL.
    const der = derSequence(derObjectIdentifier(objectIdentifier.sha256WithRsa), derElement(0x05));
    return { digest: 'sha256', der };
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') {
    return { digest: 'sha256', der: derSequence(derObjectIdentifier(objectIdentifier.ecdsaWithSha256)) };
  }
  if (key.asymmetricKeyType === 'ec' && curve === 'secp384r1') {
    return { digest: 'sha384', der: derSequence(derObjectIdentifier(objectIdentifier.ecdsaWithSha384)) };
  }
  throw new AcmeError(
    'ACME_KEY',
    `certificate keys are RSA, P-256 or P-384, not ${key.asymmetricKeyType} ${curve ?? ''}`,
  );
}

/** A signature over `content` as X.509 carries it. */
export function signDer(key: KeyObject, content: Buffer): Buffer {
  return sign(signatureAlgorithm(key).digest, content, key);
}
