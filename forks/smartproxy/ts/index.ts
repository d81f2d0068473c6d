/**
 * A proxy for TCP, TLS and HTTP/1.1 with upstream smartproxy's route API, which counts every connection where it is
 * handled.
 *
 * @module
 */
export type * from './interfaces/index.ts';
export type * from './interfaces/events.ts';
export type * from './interfaces/stats.ts';
export * from './route/index.ts';
export { SmartProxy } from './smart-proxy.ts';
export type { IStopOptions } from './smart-proxy.ts';
export { ProxyError } from './errors.ts';
export type { TProxyErrorCode } from './errors.ts';
export { UNROUTED } from './interfaces/stats.ts';
export { CertificateManager, CertificateStore, ChallengeBoard } from './certificates/index.ts';
export type {
  ICertificateData,
  ICertificateManagerOptions,
  ICertificateMaterial,
  ICertificateRoute,
  ICertStatus,
  IChallengeChange,
  IStaticCertificate,
  TCertificateEventName,
  TCertificateLog,
  TCertificateSource,
} from './certificates/index.ts';
