/** @module */
export { addBasicAuth, addJwtAuth, addRateLimiting } from './additions.ts';
export {
  createCompleteHttpsServer,
  createHttpRoute,
  createHttpsPassthroughRoute,
  createHttpsTerminateRoute,
  createHttpToHttpsRedirect,
  type IHelperTarget,
  type THttpsRouteOptions,
} from './basic.ts';
export {
  createApiGatewayRoute,
  createApiRoute,
  createDynamicRoute,
  createLoadBalancerRoute,
  createOffsetPortMappingRoute,
  createPortMappingRoute,
  createSmartLoadBalancer,
  createSocketHandlerRoute,
  createWebSocketRoute,
  type IHelperTlsOptions,
  type IPortMappingOptions,
} from './special.ts';
export {
  cloneRoute,
  findBestMatchingRoute,
  findMatchingRoutes,
  generateRouteId,
  mergeRouteConfigs,
  routeMatchesDomain,
  routeMatchesHeaders,
  routeMatchesPath,
  routeMatchesPort,
  type IRouteCriteria,
} from './utils.ts';
export {
  assertValidRoute,
  hasRequiredPropertiesForAction,
  isValidDomain,
  isValidPort,
  validateRouteAction,
  validateRouteConfig,
  validateRouteMatch,
  validateRoutes,
  type IValidationResult,
} from './validators.ts';
