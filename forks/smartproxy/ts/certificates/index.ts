/**
 * Certificates: store, orders, renewal, status.
 *
 * @module
 */
export { CertificateManager } from './certificate-manager.ts';
export { CertificateStore } from './certificate-store.ts';
export { FolderCertificateStorage } from './folder-storage.ts';
export { ChallengeBoard } from './challenge-board.ts';
export type { IChallengeChange } from './challenge-board.ts';
export type {
  ICertificateData,
  ICertificateManagerOptions,
  ICertificateMaterial,
  ICertificateRoute,
  ICertStatus,
  IStaticCertificate,
  TCertificateEventName,
  TCertificateLog,
  TCertificateSource,
} from './types.ts';
