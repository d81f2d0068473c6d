/**
 * Signing X.509 certificates.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

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
import { signatureAlgorithm, signDer } from './key-pair.ts';

/** What is certified, by whom. */
export interface ISignInput {
  /** Common names; one that is too long is left out. */
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  /** The issuer's private key. */
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
  /** Whole seconds. */
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** RFC 5280 appendix A.1, ub-common-name. */
export const commonNameLengthMax = 64;

function distinguishedName(commonName: string): Buffer {
  if (commonName.length > commonNameLengthMax) return derSequence();
  const attribute = derSequence(derObjectIdentifier(objectIdentifier.commonName), derUtf8String(commonName));
  return derSequence(derSet(attribute));
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Milliseconds cut off: X.509 times have whole seconds. */
export function wholeSeconds(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000);
}

/** A version 3 certificate (RFC 5280 §4.1) in PEM. */
export function signCertificate(input: ISignInput): string {
  const algorithm = signatureAlgorithm(input.signer).der;
  const serial = randomBytes(16);
  // RFC 5280 §4.1.2.2: positive, and never zero.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const content = derSequence(
    derContextConstructed(0, derInteger(2)),
    derInteger(serial),
    algorithm,
    distinguishedName(input.issuer),
    derSequence(derTime(input.notBefore), derTime(input.notAfter)),
    distinguishedName(input.subject),
    input.publicKey.export({ type: 'spki', format: 'der' }),
    derContextConstructed(3, derSequence(...input.extensions)),
  );
  return toPem(derSequence(content, algorithm, derBitString(signDer(input.signer, content))));
}
