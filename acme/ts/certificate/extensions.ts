/**
 * X.509 extensions that we write.
 *
 * @module
 */
import {
  derBitString,
  derBoolean,
  derContextPrimitive,
  derObjectIdentifier,
  derOctetString,
  derSequence,
} from '../der/encode.ts';
import { objectIdentifier } from '../der/object-identifiers.ts';
import { addressBytes, identifierOf } from './names.ts';

/** One extension (RFC 5280 §4.2). */
export function extension(oid: string, value: Buffer, critical = false): Buffer {
  const parts = [derObjectIdentifier(oid)];
  // DER leaves a DEFAULT FALSE out (X.690 §11.5).
  if (critical) parts.push(derBoolean(true));
  return derSequence(...parts, derOctetString(value));
}

/** subjectAltName of names in normal form. */
export function subjectAltName(names: readonly string[], critical = false): Buffer {
  const entries = names.map((name) =>
    identifierOf(name).type === 'ip'
      ? derContextPrimitive(7, addressBytes(name))
      : derContextPrimitive(2, Buffer.from(name, 'latin1')),
  );
  return extension(objectIdentifier.subjectAltName, derSequence(...entries), critical);
}

/** The extensions of a certificate that identifies a TLS server and nothing else. */
export function serverExtensions(): Buffer[] {
  return [
    extension(objectIdentifier.basicConstraints, derSequence(), true),
    // RFC 5280 §4.2.1.3: bit 0, digitalSignature; seven unused bits.
    extension(objectIdentifier.keyUsage, derBitString(Buffer.from([0x80]), 7), true),
    extension(
      objectIdentifier.extendedKeyUsage,
      derSequence(derObjectIdentifier(objectIdentifier.serverAuthentication)),
    ),
  ];
}

/** acmeIdentifier (RFC 8737 §3): critical, the SHA-256 of the key authorization. */
export function acmeIdentifier(digest: Buffer): Buffer {
  return extension(objectIdentifier.acmeIdentifier, derOctetString(digest), true);
}
