/**
 * Certificate signing requests (RFC 2986).
 *
 * @module
 */
import {
  derBitString,
  derContextConstructed,
  derInteger,
  derObjectIdentifier,
  derSequence,
  derSet,
} from '../der/encode.ts';
import { objectIdentifier } from '../der/object-identifiers.ts';
import { subjectAltName } from './extensions.ts';
import type { ICertificateKeyPair } from './key-pair.ts';
import { signatureAlgorithm, signDer } from './key-pair.ts';
import { normalizeNames } from './names.ts';

/**
 * A request for all `names`, in DER as an order is finalized with.
 *
 * The subject is empty: RFC 8555 §7.4 reads the names from the extension, and CAs fill in a subject as they like.
 */
export function createCertificateRequest(names: readonly string[], key: ICertificateKeyPair): Buffer {
  const extensions = derSequence(subjectAltName(normalizeNames(names)));
  const content = derSequence(
    derInteger(0),
    derSequence(),
    key.publicKey.export({ type: 'spki', format: 'der' }),
    derContextConstructed(0, derSequence(derObjectIdentifier(objectIdentifier.extensionRequest), derSet(extensions))),
  );
  return derSequence(content, signatureAlgorithm(key.privateKey).der, derBitString(signDer(key.privateKey, content)));
}
