/**
 * Certificates that we sign ourselves: placeholders, examples, tests, and the answer to tls-alpn-01.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';

import {
  derBitString,
  derContextConstructed,
  derInteger,
  derObjectIdentifier,
  derSequence,
  derSet,
  derTime,
  derUtf8String,
} from '../der/encode.ts';
import { objectIdentifier } from '../der/object-identifiers.ts';
import * as limits from '../limits/limits.ts';
import { acmeIdentifier, serverExtensions, subjectAltName } from './extensions.ts';
import type { ICertificateKeyPair } from './key-pair.ts';
import { generateCertificateKeySync, signatureAlgorithm, signDer } from './key-pair.ts';
import { normalizeNames, reverseName, identifierOf } from './names.ts';

/** A certificate with its key, both PEM. */
export interface ISelfSignedCertificate {
  readonly cert: string;
  readonly key: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface ISelfSignedOptions {
  /** Days until it expires; default 365. */
  readonly validDays?: number;
  /** Moment of issue; default now. */
  readonly now?: Date;
  /** Default: a new P-256 key. */
  readonly keyPair?: ICertificateKeyPair;
}

/** RFC 5280 appendix A.1, ub-common-name. */
const commonNameLengthMax = 64;

function distinguishedName(commonName: string): Buffer {
  if (commonName.length > commonNameLengthMax) return derSequence();
  const attribute = derSequence(derObjectIdentifier(objectIdentifier.commonName), derUtf8String(commonName));
  return derSequence(derSet(attribute));
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A version 3 certificate (RFC 5280 §4.1) whose issuer is its subject. */
function signOwn(
  commonName: string,
  extensions: readonly Buffer[],
  key: ICertificateKeyPair,
  notBefore: Date,
  notAfter: Date,
): string {
  const name = distinguishedName(commonName);
  const algorithm = signatureAlgorithm(key.privateKey).der;
  const serial = randomBytes(16);
  // RFC 5280 §4.1.2.2: positive, and never zero.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const content = derSequence(
    derContextConstructed(0, derInteger(2)),
    derInteger(serial),
    algorithm,
    name,
    derSequence(derTime(notBefore), derTime(notAfter)),
    name,
    key.publicKey.export({ type: 'spki', format: 'der' }),
    derContextConstructed(3, derSequence(...extensions)),
  );
  return toPem(derSequence(content, algorithm, derBitString(signDer(key.privateKey, content))));
}

/** Milliseconds cut off: X.509 times have whole seconds. */
function wholeSeconds(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000);
}

/**
 * A self-signed server certificate (ECDSA P-256, SHA-256) for host names, wildcards and addresses.
 *
 * No browser trusts it. It is for first starts, examples and tests.
 *
 * @example
 * ```ts
 * const { cert, key } = selfSignedCertificate(['example.test', '*.example.test', '127.0.0.1']);
 * ```
 */
export function selfSignedCertificate(
  names: readonly string[],
  options: ISelfSignedOptions = {},
): ISelfSignedCertificate {
  const subjects = normalizeNames(names);
  const keyPair = options.keyPair ?? generateCertificateKeySync();
  const now = options.now?.getTime() ?? Date.now();
  const notBefore = wholeSeconds(now - limits.clockSkewMs);
  const notAfter = wholeSeconds(now + (options.validDays ?? limits.selfSignedLifeDays) * 86_400_000);
  const commonName = subjects[0] ?? '';
  // RFC 5280 §4.2.1.6: with an empty subject the extension is critical.
  const critical = commonName.length > commonNameLengthMax;
  const extensions = [...serverExtensions(), subjectAltName(subjects, critical)];
  return { cert: signOwn(commonName, extensions, keyPair, notBefore, notAfter), key: keyPair.pem, notBefore, notAfter };
}

/**
 * The certificate that answers a tls-alpn-01 check (RFC 8737 §3).
 *
 * @param name - The host name or address under validation, in normal form.
 * @param digest - SHA-256 of the key authorization.
 */
export function challengeCertificate(name: string, digest: Buffer, now: Date = new Date()): ISelfSignedCertificate {
  const keyPair = generateCertificateKeySync();
  const notBefore = wholeSeconds(now.getTime() - limits.clockSkewMs);
  const notAfter = wholeSeconds(now.getTime() + limits.challengeCertificateLifeMs);
  const isAddress = identifierOf(name).type === 'ip';
  const extensions = [subjectAltName([name]), acmeIdentifier(digest)];
  const commonName = isAddress ? reverseName(name) : name;
  return { cert: signOwn(commonName, extensions, keyPair, notBefore, notAfter), key: keyPair.pem, notBefore, notAfter };
}
