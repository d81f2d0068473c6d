/**
 * A certificate authority in memory, for tests, examples and private networks.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { readDerElement, readDerElements } from '../der/decode.ts';
import {
  derBitString,
  derBoolean,
  derContextPrimitive,
  derObjectIdentifier,
  derOctetString,
  derSequence,
} from '../der/encode.ts';
import { objectIdentifier } from '../der/object-identifiers.ts';
import * as limits from '../limits/limits.ts';
import { extension, subjectAltName } from './extensions.ts';
import type { ICertificateKeyPair } from './key-pair.ts';
import { generateCertificateKeySync } from './key-pair.ts';
import { normalizeNames } from './names.ts';
import { commonNameLengthMax, signCertificate, wholeSeconds } from './sign.ts';

export interface IAuthorityOptions {
  /** Default: a new P-256 key. */
  readonly keyPair?: ICertificateKeyPair;
  /** Moment of issue; default now. */
  readonly now?: Date;
  /** Days until it expires; default 3,650. */
  readonly validDays?: number;
}

export interface IIssueOptions {
  readonly names: readonly string[];
  /** Default: a new P-256 key, returned with the certificate. */
  readonly publicKey?: KeyObject;
  /** Default now, less an hour for clocks that are behind. */
  readonly notBefore?: Date;
  /** Default one year after the moment of issue. */
  readonly notAfter?: Date;
  /** Whether it identifies a server (default), a client, or both. */
  readonly usage?: 'server' | 'client' | 'both';
}

/** RFC 7093 §2 (1): the leftmost 160 bits of SHA-256 over the public key's bits. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = readDerElement(publicKey.export({ type: 'spki', format: 'der' }));
  const bits = readDerElements(spki.content).at(-1)?.content.subarray(1) ?? Buffer.alloc(0);
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

const usages = {
  server: [objectIdentifier.serverAuthentication],
  client: [objectIdentifier.clientAuthentication],
  both: [objectIdentifier.serverAuthentication, objectIdentifier.clientAuthentication],
} as const;

/**
 * A root that signs server and client certificates. Nobody trusts it unless told to.
 *
 * @example
 * ```ts
 * const authority = new CertificateAuthority('Test root');
 * const { cert, key } = authority.issue({ names: ['backend.test'] });
 * ```
 */
export class CertificateAuthority {
  /** PEM of the root, to be trusted by clients. */
  readonly cert: string;
  /** PKCS #8 PEM. Secret. */
  readonly key: string;
  readonly #keyPair: ICertificateKeyPair;
  readonly #name: string;
  readonly #identifier: Buffer;

  constructor(name: string, options: IAuthorityOptions = {}) {
    const now = options.now?.getTime() ?? Date.now();
    this.#keyPair = options.keyPair ?? generateCertificateKeySync();
    this.#name = name;
    this.#identifier = keyIdentifier(this.#keyPair.publicKey);
    this.key = this.#keyPair.pem;
    this.cert = signCertificate({
      subject: name,
      issuer: name,
      publicKey: this.#keyPair.publicKey,
      signer: this.#keyPair.privateKey,
      notBefore: wholeSeconds(now - limits.clockSkewMs),
      notAfter: wholeSeconds(now + (options.validDays ?? limits.authorityLifeDays) * 86_400_000),
      extensions: [
        extension(objectIdentifier.basicConstraints, derSequence(derBoolean(true)), true),
        // RFC 5280 §4.2.1.3: bits 5 and 6, keyCertSign and cRLSign; one unused bit.
        extension(objectIdentifier.keyUsage, derBitString(Buffer.from([0x06]), 1), true),
        extension(objectIdentifier.subjectKeyIdentifier, derOctetString(this.#identifier)),
      ],
    });
  }

  /** Signs a certificate. `key` is empty when the public key was given. */
  issue(options: IIssueOptions): { readonly cert: string; readonly key: string } {
    const names = normalizeNames(options.names);
    const keyPair = options.publicKey === undefined ? generateCertificateKeySync() : undefined;
    const publicKey = options.publicKey ?? keyPair!.publicKey;
    const now = Date.now();
    const subject = names[0] ?? '';
    const purposes = usages[options.usage ?? 'server'].map(derObjectIdentifier);
    const cert = signCertificate({
      subject,
      issuer: this.#name,
      publicKey,
      signer: this.#keyPair.privateKey,
      notBefore: wholeSeconds(options.notBefore?.getTime() ?? now - limits.clockSkewMs),
      notAfter: wholeSeconds(options.notAfter?.getTime() ?? now + limits.selfSignedLifeDays * 86_400_000),
      extensions: [
        extension(objectIdentifier.basicConstraints, derSequence(), true),
        extension(objectIdentifier.keyUsage, derBitString(Buffer.from([0x80]), 7), true),
        extension(objectIdentifier.extendedKeyUsage, derSequence(...purposes)),
        extension(objectIdentifier.authorityKeyIdentifier, derSequence(derContextPrimitive(0, this.#identifier))),
        subjectAltName(names, subject.length > commonNameLengthMax),
      ],
    });
    return { cert, key: keyPair?.pem ?? '' };
  }
}
