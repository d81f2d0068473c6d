/**
 * Reads a PROXY header of either version from the first bytes of a connection. Never throws, whatever the bytes are;
 * called again with more bytes while it answers `incomplete`.
 *
 * @module
 */
import { INCOMPLETE, NONE, type TProxyParse } from './header.ts';
import { parseV1, V1_SIGNATURE } from './v1.ts';
import { parseV2, V2_SIGNATURE } from './v2.ts';

const FIRST_V1 = V1_SIGNATURE[0]!;
const FIRST_V2 = V2_SIGNATURE[0]!;

/** Looks at `bytes` from `start` up to `end`. */
export function parseProxyHeader(bytes: Buffer, start = 0, end = bytes.length): TProxyParse {
  if (start >= end) return INCOMPLETE;
  const first = bytes[start];
  if (first !== FIRST_V1 && first !== FIRST_V2) return NONE;
  const signature = first === FIRST_V1 ? V1_SIGNATURE : V2_SIGNATURE;
  const compared = Math.min(signature.length, end - start);
  for (let i = 1; i < compared; i += 1) if (bytes[start + i] !== signature[i]) return NONE;
  if (compared < signature.length) return INCOMPLETE;
  return first === FIRST_V1 ? parseV1(bytes, start, end) : parseV2(bytes, start, end);
}
