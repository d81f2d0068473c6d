/**
 * Reading certificates: names, life, chain, and the identifier that renewal information is asked with.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';

import { derObjectIdentifier } from '../der/encode.ts';
import type { IDerElement } from '../der/decode.ts';
import { readDerElement, readDerElements } from '../der/decode.ts';
import { objectIdentifier } from '../der/object-identifiers.ts';
import { AcmeError } from '../errors/acme-error.ts';
import * as limits from '../limits/limits.ts';
import { addressFromBytes, nameCovers } from './names.ts';

/** What the first certificate of a PEM text says. */
export interface ICertificateInfo {
  /** subjectAltName entries: host names in lower case and addresses. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Serial number, upper-case hexadecimal. */
  readonly serialNumber: string;
  /** Issuer as `CN=…` lines joined by commas. */
  readonly issuer: string;
  /** Issuer equals subject: nobody vouches for it. */
  readonly selfSigned: boolean;
  /** RFC 9773 §4.1; undefined when the certificate has no authority key identifier. */
  readonly renewalId: string | undefined;
}

const pemPattern = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM bundle, each as its own PEM text, in order. */
export function splitPemChain(pem: string): string[] {
  return (pem.match(pemPattern) ?? []).slice(0, limits.chainCertificatesMax).map((block) => `${block}\n`);
}

function parse(pem: string): X509Certificate {
  const first = splitPemChain(pem)[0];
  if (first === undefined) throw new AcmeError('ACME_CERTIFICATE', 'there is no PEM certificate in the text');
  try {
    return new X509Certificate(first);
  } catch (cause) {
    throw new AcmeError('ACME_CERTIFICATE', 'the certificate cannot be parsed', { cause });
  }
}

function extensionValue(fields: readonly IDerElement[], oid: string): Buffer | undefined {
  const wanted = derObjectIdentifier(oid);
  // RFC 5280 §4.1: extensions are [3] EXPLICIT.
  const wrapper = fields.find((field) => field.tag === 0xa3);
  if (wrapper === undefined) return undefined;
  for (const entry of readDerElements(readDerElement(wrapper.content).content)) {
    const parts = readDerElements(entry.content);
    if (parts[0]?.whole.equals(wanted) === true) return parts.at(-1)?.content;
  }
  return undefined;
}

function subjectNames(fields: readonly IDerElement[]): string[] {
  const value = extensionValue(fields, objectIdentifier.subjectAltName);
  if (value === undefined) return [];
  const names: string[] = [];
  for (const entry of readDerElements(readDerElement(value).content, 1_000)) {
    if (entry.tag === 0x82) names.push(entry.content.toString('latin1').toLowerCase());
    else if (entry.tag === 0x87 && (entry.content.length === 4 || entry.content.length === 16)) {
      names.push(addressFromBytes(entry.content));
    }
  }
  return names;
}

/** RFC 9773 §4.1: base64url of the authority key identifier, a dot, base64url of the serial's DER content. */
function renewalIdOf(fields: readonly IDerElement[]): string | undefined {
  const value = extensionValue(fields, objectIdentifier.authorityKeyIdentifier);
  if (value === undefined) return undefined;
  const keyIdentifier = readDerElements(readDerElement(value).content).find((part) => part.tag === 0x80);
  const serial = fields.find((field) => field.tag === 0x02);
  if (keyIdentifier === undefined || serial === undefined) return undefined;
  return `${keyIdentifier.content.toString('base64url')}.${serial.content.toString('base64url')}`;
}

/**
 * Reads the first certificate of a PEM text.
 *
 * @throws AcmeError `ACME_CERTIFICATE` when there is none or it is malformed.
 */
export function inspectCertificate(pem: string): ICertificateInfo {
  const certificate = parse(pem);
  try {
    const whole = readDerElement(certificate.raw);
    const [content] = readDerElements(whole.content);
    const fields = content === undefined ? [] : readDerElements(content.content);
    return {
      names: subjectNames(fields),
      notBefore: certificate.validFromDate,
      notAfter: certificate.validToDate,
      serialNumber: certificate.serialNumber,
      issuer: certificate.issuer.replaceAll('\n', ', '),
      selfSigned: certificate.issuer === certificate.subject,
      renewalId: renewalIdOf(fields),
    };
  } catch (cause) {
    throw new AcmeError('ACME_CERTIFICATE', 'the certificate is not well-formed DER', { cause });
  }
}

/** Whether a PEM private key belongs to the first certificate of a PEM text. False also when either is unreadable. */
export function keyMatchesCertificate(certificatePem: string, keyPem: string): boolean {
  try {
    return parse(certificatePem).publicKey.export({ type: 'spki', format: 'der' }).equals(publicDer(keyPem));
  } catch {
    return false;
  }
}

function publicDer(keyPem: string): Buffer {
  return createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'der' });
}

/** Whether the certificate's names cover every one of `names` (in normal form). */
export function certificateCovers(info: ICertificateInfo, names: readonly string[]): boolean {
  return names.every((name) => info.names.some((own) => nameCovers(own, name)));
}
