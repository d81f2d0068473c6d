/**
 * Certificates that we sign ourselves: placeholders, examples, tests, and the answer to tls-alpn-01.
 *
 * @module
 */
import * as limits from '../limits/limits.ts';
import { acmeIdentifier, serverExtensions, subjectAltName } from './extensions.ts';
import type { ICertificateKeyPair } from './key-pair.ts';
import { generateCertificateKeySync } from './key-pair.ts';
import { identifierOf, normalizeNames, reverseName } from './names.ts';
import { commonNameLengthMax, signCertificate, wholeSeconds } from './sign.ts';

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

function signOwn(
  commonName: string,
  extensions: readonly Buffer[],
  key: ICertificateKeyPair,
  life: { readonly notBefore: Date; readonly notAfter: Date },
): string {
  return signCertificate({
    ...life,
    subject: commonName,
    issuer: commonName,
    publicKey: key.publicKey,
    signer: key.privateKey,
    extensions,
  });
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
  return {
    cert: signOwn(commonName, extensions, keyPair, { notBefore, notAfter }),
    key: keyPair.pem,
    notBefore,
    notAfter,
  };
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
  return {
    cert: signOwn(commonName, extensions, keyPair, { notBefore, notAfter }),
    key: keyPair.pem,
    notBefore,
    notAfter,
  };
}
