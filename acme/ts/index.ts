/**
 * A small ACME client (RFC 8555, RFC 8737, RFC 8738, RFC 9773) and the certificates it needs.
 *
 * @module
 */
export { AcmeClient, letsEncryptDirectory } from './client/acme-client.ts';
export type {
  IAcmeAccount,
  IAcmeClientOptions,
  IDownloadedCertificate,
  INewOrderOptions,
  IPolled,
} from './client/acme-client.ts';
export { systemClock } from './client/clock.ts';
export type { IAcmeClock } from './client/clock.ts';
export { obtainCertificate } from './client/obtain.ts';
export type { IObtainedCertificate, IObtainOptions } from './client/obtain.ts';
export {
  acmeTlsProtocol,
  challengePathPrefix,
  dnsChallengeName,
  dnsChallengeValue,
  keyAuthorization,
  keyAuthorizationDigest,
} from './challenges/answers.ts';
export type { IChallengeAnswer, IChallengeSolver, TChallengeType } from './challenges/answers.ts';
export { CertificateAuthority } from './certificate/authority.ts';
export type { IAuthorityOptions, IIssueOptions } from './certificate/authority.ts';
export { certificateCovers, inspectCertificate, keyMatchesCertificate, splitPemChain } from './certificate/inspect.ts';
export type { ICertificateInfo } from './certificate/inspect.ts';
export { generateCertificateKey, generateCertificateKeySync, importCertificateKey } from './certificate/key-pair.ts';
export type { ICertificateKeyPair, TCertificateKeyType } from './certificate/key-pair.ts';
export {
  identifierOf,
  nameCovers,
  nameSetKey,
  normalizeName,
  normalizeNames,
  reverseName,
} from './certificate/names.ts';
export type { IIdentifier } from './certificate/names.ts';
export { createCertificateRequest } from './certificate/request.ts';
export { challengeCertificate, selfSignedCertificate } from './certificate/self-signed.ts';
export type { ISelfSignedCertificate, ISelfSignedOptions } from './certificate/self-signed.ts';
export { AcmeError } from './errors/acme-error.ts';
export type { IAcmeErrorDetails, IAcmeSubproblem, TAcmeErrorCode } from './errors/acme-error.ts';
export { loadAccountKey, makePrivateDirectory, readFileIfPresent, writePrivateFile } from './files/private-file.ts';
export { AccountKey } from './keys/account-key.ts';
export type { IExternalAccountBinding } from './keys/account-key.ts';
export type { IAuthorization, IChallenge, IDirectory, IOrder, IProblem, IRenewalInfo } from './protocol/resources.ts';
export { renewalTimeMs, renewalWindowTimeMs, retryDelayMs } from './renewal/schedule.ts';
export { createHttpsTransport } from './transport/transport.ts';
export type {
  IAcmeRequest,
  IAcmeResponse,
  IHttpsTransport,
  IHttpsTransportOptions,
  TAcmeTransport,
} from './transport/transport.ts';
