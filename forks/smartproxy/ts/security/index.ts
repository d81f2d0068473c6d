/** @module */
export { BasicAuth, type TBasicResult } from './basic-auth.ts';
export { ConnectionCounter } from './connection-counter.ts';
export type { IDenial, TDenialReason } from './denial.ts';
export { SecurityConfigError } from './error.ts';
export { ipWords, normalizeIp, parseIp } from './ip.ts';
export { IpAccess, type TIpListEntry, type TIpVerdict } from './ip-access.ts';
export { parseIpPattern, type IIpRange } from './ip-pattern.ts';
export { IpSet } from './ip-set.ts';
export { JwtAuth, type TJwtFault, type TJwtResult } from './jwt-auth.ts';
export { hashPassword } from './password-hash.ts';
export { RateLimiter } from './rate-limiter.ts';
export { RouteSecurity, type IConnectionPlace, type ISecurityRequest } from './route-security.ts';
