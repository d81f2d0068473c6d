/**
 * What the options of a proxy may hold. The routes are checked apart, when they are compiled.
 *
 * @module
 */
import { FIELD, fieldNumber } from '../http/fields.ts';
import { clusterLimits, TICKET_ROTATION_HOURS_MAX } from '../limits/cluster.ts';
import { optionLimits as limits } from '../limits/options.ts';
import { routeLimits } from '../limits/route.ts';
import { tlsLimits } from '../limits/tls-config.ts';
import { PORT_MAX } from '../route/ports.ts';
import { defaultSecurityRule } from '../route/schema-security.ts';
import { headerNameRule, hostRule, ipPatternRule, portRule } from '../route/schema-values.ts';
import { OptionsError, type IOptionProblem } from './error.ts';
import {
  anything,
  boolean,
  either,
  func,
  integer,
  isList,
  isRecord,
  isString,
  list,
  object,
  oneOf,
  required,
  text,
  type TRule,
  type TShape,
} from './rules.ts';

const milliseconds = integer(0, limits.timerMsMax, 'milliseconds');
const positiveMs = integer(1, limits.timerMsMax, 'milliseconds');
const connections = integer(0, limits.connectionsMax, 'connections, 0: no limit');
const tlsVersion = oneOf('TLSv1.2', 'TLSv1.3');
const path = text(tlsLimits.fileNameCharsMax);

const isBytes = (value: unknown): boolean => ArrayBuffer.isView(value);

const buffer: TRule = (value, field, report) => {
  if (!isBytes(value)) report('ROUTE_BAD_TYPE', field, 'is no Buffer');
};

const textOrBuffer = either('text or a Buffer', [isString, text(Number.MAX_SAFE_INTEGER)], [isBytes, anything]);
const pemOrBuffers = either(
  'text, a Buffer or a list of them',
  [isString, text(Number.MAX_SAFE_INTEGER)],
  [isBytes, anything],
  [isList, list(textOrBuffer, 1, tlsLimits.authoritiesMax)],
);

/** Usually an object of a class: its methods are not its own members. */
function methods(...names: readonly [string, ...string[]]): TRule {
  const needed = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return (value, field, report) => {
    const given = (value ?? {}) as Record<string, unknown>;
    if (names.some((name) => typeof given[name] !== 'function')) {
      report('ROUTE_BAD_TYPE', field, `needs the functions ${needed}`);
    }
  };
}

export const acmeShape: TShape = {
  enabled: boolean,
  email: text(tlsLimits.emailCharsMax),
  accountEmail: text(tlsLimits.emailCharsMax),
  environment: oneOf('production', 'staging'),
  useProduction: boolean,
  port: portRule,
  renewThresholdDays: integer(1, limits.renewDaysMax, 'days'),
  autoRenew: boolean,
  renewCheckIntervalHours: integer(1, limits.renewCheckHoursMax, 'hours'),
  certificateStore: path,
  storage: methods('getCertificate', 'putCertificate', 'getAccount', 'putAccount', 'withLock'),
  skipConfiguredCerts: boolean,
  routeForwards: list(anything, 0, routeLimits.routesMax),
  directoryUrl: text(routeLimits.headerCharsMax),
  directoryCa: text(Number.MAX_SAFE_INTEGER),
  dnsChallenge: methods('set', 'remove'),
};

const logger: TRule = (value, field, report) => {
  for (const name of ['debug', 'info', 'warn', 'error']) {
    if (typeof (value as Record<string, unknown> | null)?.[name] !== 'function') {
      report('ROUTE_MISSING', `${field}.${name}`, 'is no function; a logger has debug, info, warn and error');
    }
  }
};

const policy: TRule = (value, field, report) => {
  const { connection, request } = (value ?? {}) as Record<string, unknown>;
  for (const [name, member] of Object.entries({ connection, request })) {
    if (member !== undefined && typeof member !== 'function') {
      report('ROUTE_BAD_TYPE', `${field}.${name}`, 'is no function');
    }
  }
};

/** A field that says how the message is framed, or whose it is, must not be made an id. */
const requestIdHeader: TRule = (value, field, report) => {
  headerNameRule(value, field, report);
  if (typeof value !== 'string' || fieldNumber(Buffer.from(value), 0, value.length) === FIELD.other) return;
  report('ROUTE_BAD_VALUE', field, `is ${value}, which has a meaning of its own; choose another name`);
};

const resolver = methods('peek', 'resolve');

export const defaultsShape: TShape = {
  target: object({ host: required(hostRule), port: required(portRule) }),
  security: defaultSecurityRule,
  preserveSourceIP: boolean,
};

export const metricsShape: TShape = {
  enabled: boolean,
  sampleIntervalMs: positiveMs,
  retentionSeconds: integer(1, limits.retentionSecondsMax, 'seconds'),
  enableDetailedTracking: boolean,
  enablePercentiles: boolean,
  cacheResultsMs: milliseconds,
};

const NO_EXPOSITION = 'is not here; give stats to a registry, such as that of @dcrouter/metrics, and expose it';

/** Members that upstream has, and what to do instead. */
const metricsElsewhere = {
  prometheusEnabled: NO_EXPOSITION,
  prometheusPath: NO_EXPOSITION,
  prometheusPrefix: NO_EXPOSITION,
};

const optionsElsewhere = {
  secureProtocol: 'is not here; use minVersion and maxVersion',
  servername: "is not here; use tls.backend.servername of the route, or the targets' names",
  certStore: 'is not here; use acme.storage',
  certProvisionTimeout: 'is not here: a call of certProvisionFunction may take 10 minutes',
  certProvisionConcurrency: 'is not here: four certificates are ordered at a time',
  disableDefaultCert: 'is not here: routes whose certificate is still missing are served a self-signed one',
  rustBinaryPath: 'is not here: the engine is part of this package',
};

export const requestIdShape: TShape = {
  header: requestIdHeader,
  accept: boolean,
};

/** Every option there is. */
export const optionsShape: TShape = {
  routes: required(anything),
  ephemeralPorts: boolean,
  listenAddress: hostRule,
  takeListener: func,
  workers: either(
    "a number or 'auto'",
    [(value) => typeof value === 'number', integer(1, clusterLimits.workersMax, 'processes')],
    [isString, oneOf('auto')],
  ),
  policy,
  resolver,
  proxyIPs: list(ipPatternRule, 0, limits.proxyIpsMax),
  acceptProxyProtocol: boolean,
  sendProxyProtocol: oneOf(true, false, 'v1', 'v2'),
  preserveSourceIP: boolean,
  defaults: object(defaultsShape),
  inactivityTimeout: milliseconds,
  keepAliveTreatment: oneOf('standard', 'extended', 'immortal'),
  keepAliveInactivityMultiplier: integer(1, limits.multiplierMax),
  extendedKeepAliveLifetime: milliseconds,
  connectionTimeout: milliseconds,
  initialDataTimeout: milliseconds,
  socketTimeout: milliseconds,
  maxConnectionLifetime: milliseconds,
  inactivityCheckInterval: milliseconds,
  gracefulShutdownTimeout: milliseconds,
  noDelay: boolean,
  sockets: oneOf('auto', 'net', 'ring'),
  keepAlive: boolean,
  keepAliveInitialDelay: milliseconds,
  maxPendingDataSize: integer(0, limits.pendingBytesMax, 'bytes'),
  disableInactivityCheck: boolean,
  enableRandomizedTimeouts: boolean,
  enableKeepAliveProbes: boolean,
  maxConnections: connections,
  maxConnectionsPerIP: connections,
  connectionRateLimitPerMinute: integer(0, limits.connectionsMax, 'connections per minute, 0: no limit'),
  pfx: buffer,
  key: pemOrBuffers,
  cert: pemOrBuffers,
  passphrase: text(tlsLimits.passphraseCharsMax, 0),
  ca: pemOrBuffers,
  ciphers: text(tlsLimits.cipherListCharsMax),
  honorCipherOrder: boolean,
  rejectUnauthorized: boolean,
  minVersion: tlsVersion,
  maxVersion: tlsVersion,
  allowSessionTicket: boolean,
  ticketKeyRotationHours: integer(0, TICKET_ROTATION_HOURS_MAX, 'hours, 0: never'),
  acme: object(acmeShape),
  certProvisionFunction: func,
  certProvisionFallbackToAcme: boolean,
  useHttpProxy: list(portRule, 0, limits.httpProxyPortsMax),
  httpProxyPort: integer(1, PORT_MAX),
  enableDetailedLogging: boolean,
  enableTlsDebugLogging: boolean,
  metrics: object(metricsShape, metricsElsewhere),
  requestId: object(requestIdShape),
  logger,
};

const optionsRule = object(optionsShape, optionsElsewhere);

/** Every problem of the options, without those of the routes. */
export function findOptionProblems(options: unknown): IOptionProblem[] {
  const problems: IOptionProblem[] = [];
  optionsRule(options, '', (_, field, message) => problems.push({ field: field || 'options', message }));
  if (problems.length > 0 || !isRecord(options)) return problems.slice(0, routeLimits.problemsMax);
  if (options.minVersion === 'TLSv1.3' && options.maxVersion === 'TLSv1.2') {
    problems.push({ field: 'minVersion', message: 'is above maxVersion' });
  }
  if (options.resolver !== undefined && options.workers !== undefined) {
    problems.push({
      field: 'resolver',
      message: 'is a function of this process, which worker processes cannot call; leave it or workers out',
    });
  }
  if (options.takeListener !== undefined && options.workers !== undefined) {
    problems.push({
      field: 'takeListener',
      message: 'cannot be used with workers: each binds the port itself, beside those of another process',
    });
  }
  if (options.acceptProxyProtocol === true && !(options.proxyIPs as unknown[] | undefined)?.length) {
    problems.push({
      field: 'acceptProxyProtocol',
      message: 'is true, but proxyIPs names nobody who may send headers; anybody could claim any address',
    });
  }
  return problems;
}

/** @throws OptionsError with every problem found. */
export function assertValidOptions(options: unknown): void {
  const [first, ...others] = findOptionProblems(options);
  if (first) throw new OptionsError([first, ...others]);
}
