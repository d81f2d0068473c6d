/**
 * A proxy for TCP, TLS and HTTP/1.1 with upstream smartproxy's route API, which counts every connection where it is
 * handled.
 *
 * @module
 */
export type * from './interfaces/index.ts';
export type * from './interfaces/events.ts';
export type * from './interfaces/stats.ts';
export * from './handlers/index.ts';
export * from './helpers/index.ts';
export * from './proxy-protocol/index.ts';
export * from './route/index.ts';
export * from './security/index.ts';
