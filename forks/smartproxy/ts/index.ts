/**
 * A proxy for TCP, TLS and HTTP/1.1 with upstream smartproxy's route API, which counts every connection where it is
 * handled.
 *
 * @module
 */
export { SmartProxy } from './smart-proxy.ts';
export type { IStopOptions } from './drain.ts';
export type { IListenerHandle } from './accept/listener.ts';
export { ProxyError } from './errors.ts';
export type { TProxyErrorCode } from './errors.ts';
export { OptionsError, type IOptionProblem } from './validation/error.ts';
export { CHALLENGES, UNROUTED } from './interfaces/stats.ts';
export { LATENCY_BOUNDS_SECONDS } from './limits/windows.ts';
export {
  CertificateManager,
  CertificateStore,
  ChallengeBoard,
  FolderCertificateStorage,
} from './certificates/index.ts';
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
export type * from './interfaces/index.ts';
export type * from './interfaces/connections.ts';
export type * from './interfaces/events.ts';
export type * from './interfaces/stats.ts';
export type * from './interfaces/upstreams.ts';
export type * from './interfaces/metrics.ts';
export type * from './interfaces/policy.ts';
export { isPolicyHeader, PolicyHeaders } from './policy/headers.ts';
export type { IPolicyHeaderEdit } from './policy/headers.ts';
export { policyVerdict } from './policy/verdict.ts';
export { SocketHandlers } from './handlers/index.ts';
export type { IHandlerRequest, IHandlerResponse } from './handlers/index.ts';
export {
  addBasicAuth,
  addJwtAuth,
  addRateLimiting,
  assertValidRoute,
  cloneRoute,
  createApiGatewayRoute,
  createApiRoute,
  createCompleteHttpsServer,
  createDynamicRoute,
  createHttpRoute,
  createHttpsPassthroughRoute,
  createHttpsTerminateRoute,
  createHttpToHttpsRedirect,
  createLoadBalancerRoute,
  createOffsetPortMappingRoute,
  createPortMappingRoute,
  createSmartLoadBalancer,
  createSocketHandlerRoute,
  createWebSocketRoute,
  findBestMatchingRoute,
  findMatchingRoutes,
  generateRouteId,
  hasRequiredPropertiesForAction,
  isValidDomain,
  isValidPort,
  mergeRouteConfigs,
  routeMatchesDomain,
  routeMatchesHeaders,
  routeMatchesPath,
  routeMatchesPort,
  validateRouteAction,
  validateRouteConfig,
  validateRouteMatch,
  validateRoutes,
} from './helpers/index.ts';
export type {
  IHelperTarget,
  IHelperTlsOptions,
  IPortMappingOptions,
  IRouteCriteria,
  IValidationResult,
  THttpsRouteOptions,
} from './helpers/index.ts';
export {
  generateV1,
  generateV2,
  parseProxyHeader,
  ProxyProtocolError,
  ProxyProtocolParser,
  TLV,
} from './proxy-protocol/index.ts';
export type {
  IProxyAnnouncement,
  IProxyHeader,
  IProxyInfo,
  IProxyParseResult,
  IProxyTlv,
  IProxyV2Options,
  TProxyFault,
  TProxyParse,
} from './proxy-protocol/index.ts';
export {
  CompiledRoute,
  findProblems,
  findRouteProblems,
  formatProblem,
  RouteConfigError,
  RouteTable,
  routingPath,
} from './route/index.ts';
export type {
  ICompiledRoute,
  IPortProfile,
  IRouteProblem,
  THeaderLookup,
  TRouteConfigErrorCode,
  TRouteKind,
} from './route/index.ts';
export {
  BasicAuth,
  ConnectionCounter,
  hashPassword,
  IpAccess,
  IpSet,
  ipWords,
  JwtAuth,
  normalizeIp,
  parseIp,
  parseIpPattern,
  RateLimiter,
  RouteSecurity,
  SecurityConfigError,
} from './security/index.ts';
export type {
  IConnectionPlace,
  IDenial,
  IIpRange,
  ISecurityRequest,
  TBasicResult,
  TDenialReason,
  TIpListEntry,
  TIpVerdict,
  TJwtFault,
  TJwtResult,
} from './security/index.ts';
