/**
 * DNSSEC: keys and their replacement, signatures made as questions come, proofs of absence.
 *
 * @module
 */
export { signingAlgorithms } from './algorithms.ts';
export type { TSigningAlgorithm } from './algorithms.ts';
export type { TDenial } from './denial.ts';
export { digestTypes, keyTagOf } from './key.ts';
export type { IStoredKey, TKeyRole } from './key.ts';
export { KeySet } from './keyset.ts';
export type { IKeyInfo, IKeyPolicy, TKeyState } from './keyset.ts';
export { nsec3Hash } from './nsec3.ts';
export type { INsec3Options } from './nsec3.ts';
export type { ISignatureOptions } from './rrsigs.ts';
export { ZoneSigner, managedTypes } from './signer.ts';
export type {
  ISignableResponse,
  ISignerStats,
  ISignOutcome,
  ISignRequest,
  IZoneSignerOptions,
  TManagedType,
} from './signer.ts';
export { FileKeyStorage, MemoryKeyStorage } from './storage.ts';
export type { IKeyStorage } from './storage.ts';
