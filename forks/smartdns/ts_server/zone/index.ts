/**
 * Zones: data model, look-up, changes, master files.
 *
 * @module
 */
export { ZoneError } from './errors.ts';
export type { IZoneProblem, TZoneErrorReason } from './errors.ts';
export type {
  ILookupStep,
  IRrset,
  IZoneLookup,
  IZoneOptions,
  IZoneRecordFilter,
  IZoneRecordInput,
  TLookupKind,
} from './interfaces.ts';
export { isNewerSerial, nextSerial } from './serial.ts';
export type { TSerialPolicy } from './serial.ts';
export { ZoneTable } from './table.ts';
export { Zone } from './zone.ts';
export type { IZoneChanges } from './zone.ts';
