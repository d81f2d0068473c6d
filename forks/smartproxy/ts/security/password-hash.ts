/**
 * Password hashes by scrypt (RFC 7914) in the PHC string form, so that a configuration need not hold passwords.
 *
 * @module
 */
import { randomBytes, scrypt } from 'node:crypto';
import { securityLimits } from '../limits/security.ts';

export interface IPasswordHash {
  readonly logCost: number;
  readonly blockSize: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{1,128})\$([A-Za-z0-9+/]{1,128})$/;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const BLOCK_SIZE = 8;
/** Shortest hash that is worth comparing. */
const HASH_BYTES_MIN = 16;

/** @returns null when the text is no such hash, or one that costs more than the limits allow. */
export function parsePasswordHash(text: string): IPasswordHash | null {
  const found = FORM.exec(text);
  if (!found) return null;
  const [logCost, blockSize, parallelism] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const hash = Buffer.from(found[5]!, 'base64');
  if (logCost < 1 || logCost > securityLimits.scryptLogCostMax || blockSize < 1 || parallelism < 1) return null;
  if (hash.length < HASH_BYTES_MIN) return null;
  return { logCost, blockSize, parallelism, salt: Buffer.from(found[4]!, 'base64'), hash };
}

/** Hashes a password for `passwordHash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const logCost = securityLimits.scryptLogCost;
  const form = { logCost, blockSize: BLOCK_SIZE, parallelism: 1, salt, hash: Buffer.alloc(HASH_BYTES) };
  const hash = await derive(password, form);
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=${logCost},r=${BLOCK_SIZE},p=1$${base64(salt)}$${base64(hash)}`;
}

/** The hash of a password under the cost and salt of an existing one. */
export function derive(password: string, like: IPasswordHash): Promise<Buffer> {
  const N = 2 ** like.logCost;
  const options = { N, r: like.blockSize, p: like.parallelism, maxmem: 256 * N * like.blockSize };
  return new Promise((resolve, reject) => {
    // RFC 8265 §4.2: passwords are compared in NFC.
    scrypt(password.normalize('NFC'), like.salt, like.hash.length, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
