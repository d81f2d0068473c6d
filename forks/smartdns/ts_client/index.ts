/**
 * DNS client: upstream's `Smartdns`, and below it `Resolver` with full answers and `Forwarder` for DNS servers.
 *
 * @module
 */
export { Smartdns } from './smartdns/smartdns.ts';
export { defaultResolvers } from './smartdns/options.ts';
export type { ISmartDnsConstructorOptions, ISmartDnsResolvers, TResolutionStrategy } from './smartdns/options.ts';
export type { IAnyDnsRecord, IDnsRecord, TDnsRecordType } from './smartdns/recordtypes.ts';
export { makeNodeProcessUseDnsProvider } from './system/provider.ts';
export type { TDnsProvider } from './system/provider.ts';
export { RustDnsClientBridge } from './smartdns/bridge.ts';
export type { IClientDnsAnswer, IResolveParams, IResolveResult, TClientDnsCommands } from './smartdns/bridge.ts';

export { Resolver } from './resolver/resolver.ts';
export { ClientStats } from './resolver/clientstats.ts';
export { Forwarder } from './forwarder/forwarder.ts';
export type { IForwardOptions, IForwarderOptions } from './forwarder/forwarder.ts';
export { DnsError, dnsErrorCodes } from './errors/errors.ts';
export type { IExtendedError, TDnsErrorCode, TDnsErrorSource } from './errors/errors.ts';
export { clientLimits } from './limits/limits.ts';

export { CacheEntry, DnsCache } from './cache/cache.ts';
export type { IDnsAnswer, IResolution, TAnswerRcode, TClientSource } from './interfaces/answers.ts';
export type {
  IResolveOptions,
  IResolverOptions,
  ISystemOptions,
  IUpstreamOptions,
  TUpstream,
} from './interfaces/options.ts';
export type {
  IClientCacheEvent,
  IClientCacheEvictEvent,
  IClientQueryAnsweredEvent,
  IClientQueryErrorEvent,
  IClientQueryRetryEvent,
  IClientQuerySentEvent,
  IResolverEvents,
} from './interfaces/events.ts';
export type { IClientLatencyStats, IClientSnapshot, IClientTotals, IUpstreamStats } from './interfaces/stats.ts';
export type { IClientCacheStats, IDnsCacheOptions, TEvictReason } from './cache/cache.ts';
export type {
  ILookupAddress,
  ILookupDefaults,
  ILookupOptions,
  TAddressOrder,
  TLookupCallback,
  TLookupFunction,
} from './lookup/lookup.ts';
export { orderServices } from './lookup/srv.ts';
export type { IServiceTarget } from './lookup/srv.ts';
