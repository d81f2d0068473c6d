/**
 * Extended DNS errors of a reply (RFC 8914 §2).
 *
 * @module
 */
import { ednsOptions } from '#wire';
import type { IEdns } from '#wire';
import type { IExtendedError } from '../errors/errors.ts';

const infoCodeBytes = 2;

/** The errors that a reply carries, in its order. An option too short to be one is left out. */
export function readExtendedErrors(edns: IEdns | undefined): IExtendedError[] {
  const found: IExtendedError[] = [];
  for (const { code, data } of edns?.options ?? []) {
    if (code !== ednsOptions.EXTENDED_ERROR || data.length < infoCodeBytes) continue;
    // Some servers end the text with a zero byte, which RFC 8914 §2 tells readers to take off.
    const text = data.toString('utf8', infoCodeBytes).replace(/\0$/, '');
    found.push({ infoCode: data.readUInt16BE(0), text });
  }
  return found;
}
