/**
 * The DNS server.
 *
 * @module
 */
export { DnsServer } from './server/dnsserver.ts';
export type { IDnsStopOptions, IRawPacketOrigin } from './server/dnsserver.ts';
export type { IListenerHandle } from './transports/types.ts';
export type { ILetsEncryptOptions, IRetrievedCertificate } from './acme/sslcertificate.ts';
export { compilePattern } from './handlers/glob.ts';
export type { IGlob } from './handlers/glob.ts';
export type { IDnsListenAddresses, IDnsServerOptions } from './interfaces/options.ts';
export type { IDnsPolicy, IDnsVerdict, IPolicyQuery, TDnsPolicyReason } from './interfaces/policy.ts';
export type { ISoaOptions } from './pipeline/authority.ts';
export type {
  DnsAnswer,
  IDnsHandler,
  IDnsHandlerCacheOptions,
  IDnsHandlerOptions,
  IDnsHandlerResponse,
  IDnsNext,
  IDnsQuery,
  IDnsQueryContext,
  IDnsQuestion,
  IDnsResponse,
  TDnsHandler,
  TDnsHandlerResult,
  TDnsMiddleware,
} from './interfaces/query.ts';
export type {
  ICacheEvent,
  IDnsQueryCompletedEvent,
  IDnsServerEvents,
  IQueryAnsweredEvent,
  IQueryErrorEvent,
  IQueryReceivedEvent,
} from './interfaces/events.ts';
export type {
  IDnsCacheStats,
  IDnsLatencyStats,
  IDnsSnapshot,
  IDnsStats,
  IDnsTotals,
  IDnsZoneStats,
  TDnsSource,
} from './interfaces/stats.ts';
export type { ICookieOptions } from './abuse/cookies.ts';
export type { IQueryLimitOptions } from './abuse/querylimit.ts';
export type { IRateLimitOptions } from './abuse/ratelimit.ts';
export type { ICreditShare, ISharedLimits } from './abuse/sharedlimits.ts';
export type { IForwardingOptions } from './pipeline/forwarding.ts';
export { DnsZones } from './server/zones.ts';
export type { IDnssecOptions, ILoadZoneOptions } from './server/zones.ts';
export type { TSigningOptions } from './pipeline/signing.ts';
export { Zone, ZoneError } from './zone/index.ts';
export type {
  IRrset,
  IZoneChanges,
  IZoneLookup,
  IZoneOptions,
  IZoneProblem,
  IZoneRecordFilter,
  IZoneRecordInput,
  TLookupKind,
  TSerialPolicy,
  TZoneErrorReason,
} from './zone/index.ts';
export { FileKeyStorage, MemoryKeyStorage, ZoneSigner } from './dnssec/index.ts';
export type {
  IKeyInfo,
  IKeyPolicy,
  IKeyStorage,
  INsec3Options,
  ISignatureOptions,
  ISignerStats,
  IStoredKey,
  IZoneSignerOptions,
  TDenial,
  TKeyRole,
  TKeyState,
  TSigningAlgorithm,
} from './dnssec/index.ts';
export { DnsWorkerPool } from './workers/pool.ts';
export type { IDnsWorkerPoolOptions } from './workers/pool.ts';
export { serveInWorker } from './workers/worker.ts';
export type { TSharedOptions } from './workers/messages.ts';
export type { IDnsStatsData } from './stats/dnsstats.ts';
export { latencyBoundsSeconds } from './stats/latency.ts';
