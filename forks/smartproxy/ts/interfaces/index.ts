/** @module */
export type { ICertificateStorage, ICertificateSubject, IKeptCertificate } from './certificate-storage.ts';
export type { IRouteContext } from './context.ts';
export type {
  IRouteAdvanced,
  IRouteCors,
  IRouteHeaders,
  IRouteHealthCheck,
  IRouteLoadBalancing,
  IRouteRedirect,
  IRouteTestResponse,
  IRouteUrlRewrite,
  IRouteWebSocket,
} from './http.ts';
export type {
  IAcmeOptions,
  IDnsChallengeHandler,
  IMetricsConfig,
  IProvisionedCertificate,
  IProxyLogger,
  IRequestIdOptions,
  ISmartProxyDefaults,
  ISmartProxyOptions,
  TSmartProxyCertProvisionObject,
} from './options.ts';
export type {
  IPortRange,
  IRouteAction,
  IRouteActionOptions,
  IRouteConfig,
  IRouteMatch,
  IRouteTarget,
  ITargetMatch,
  TPortRange,
  TRouteActionType,
  TSocketHandler,
} from './route.ts';
export type {
  IBasicAuthUser,
  IDefaultSecurity,
  IDomainScopedIp,
  IRouteAuthentication,
  IRouteBasicAuth,
  IRouteJwtAuth,
  IRouteRateLimit,
  IRouteSecurity,
  TJwtAlgorithm,
} from './security.ts';
export type {
  ICertificateConfig,
  IRouteAcme,
  IRouteBackendTls,
  IRouteClientAuth,
  IRouteTls,
  TOcspSource,
  TTlsMode,
  TTlsVersion,
} from './tls.ts';
