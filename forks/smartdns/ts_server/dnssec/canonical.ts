/**
 * The bytes that signatures cover (RFC 4034 §3.1.8.1, §6).
 *
 * @module
 */
import {
  classToNumber,
  encodeCanonicalRecordData,
  encodeRecordData,
  labelCount,
  nameToCanonicalWire,
  typeToNumber,
} from '#wire';
import type { IResourceRecord, IRrsigData } from '#wire';

/** Type, class, TTL and data length behind each owner. */
const fixedBytes = 10;

/**
 * A set in canonical form: records in the order of their data, each once, with this TTL.
 *
 * @param owner name that is signed: the wildcard's where the records came from one.
 */
export function canonicalRrset(owner: string, records: readonly IResourceRecord[], ttl: number): Buffer {
  const first = records[0]!;
  const name = nameToCanonicalWire(owner);
  const datas = records.map((record) => encodeCanonicalRecordData(record.type, record.data));
  datas.sort((left, right) => left.compare(right));
  const parts: Buffer[] = [];
  let previous: Buffer | null = null;
  for (const data of datas) {
    if (previous !== null && previous.equals(data)) continue;
    previous = data;
    const fixed = Buffer.alloc(fixedBytes);
    fixed.writeUInt16BE(typeToNumber(first.type), 0);
    fixed.writeUInt16BE(classToNumber(first.class), 2);
    fixed.writeUInt32BE(ttl, 4);
    fixed.writeUInt16BE(data.length, 8);
    parts.push(name, fixed, data);
  }
  return Buffer.concat(parts);
}

/** RRSIG data without the signature, in canonical form. */
export function signatureHead(data: Omit<IRrsigData, 'signature'>): Buffer {
  const head = encodeRecordData('RRSIG', { ...data, signature: Buffer.alloc(0) });
  // Everything behind the fixed fields is the signer's name, which is canonical when it is lower case.
  const signer = nameToCanonicalWire(data.signerName);
  signer.copy(head, head.length - signer.length);
  return head;
}

/** Labels field: without the root and without a leading wildcard label (RFC 4034 §3.1.3). */
export function signedLabels(owner: string): number {
  const labels = labelCount(owner);
  return owner === '*' || owner.startsWith('*.') ? labels - 1 : labels;
}
