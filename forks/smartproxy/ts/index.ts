/**
 * The proxy.
 *
 * @module
 */
export { CertificateManager, CertificateStore, ChallengeBoard } from './certificates/index.ts';
export type {
  ICertificateData,
  ICertificateManagerOptions,
  ICertificateMaterial,
  ICertificateRoute,
  ICertStatus,
  IChallengeChange,
  IDnsChallengeProvider,
  IStaticCertificate,
  TCertificateEventName,
  TCertificateLog,
  TCertificateSource,
  TSmartProxyCertProvisionObject,
} from './certificates/index.ts';
export type { ICertificateEvent } from './interfaces/events.ts';
