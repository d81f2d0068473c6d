/**
 * Compiled, not only run: code written for upstream's published client must type-check against ours.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { dnsClientMod } from '@dcrouter/smartdns';
import type * as ours from '@dcrouter/smartdns/client';
import type * as upstream from '@push.rocks/smartdns/client';

/** Fails to compile unless `From` can stand wherever `To` is asked for. */
function assignable<To, From extends To>(): [To?, From?] {
  return [];
}

/** What a class shows; its private members would make any other class differ. */
type Public<T> = { [Key in Exclude<keyof T, keyof EventEmitter>]: T[Key] };

/** The record that upstream's methods resolve to. */
type TUpstreamRecord = Awaited<ReturnType<upstream.Smartdns['getRecordsA']>>[number];

test("upstream's options, strategies, providers and record types are accepted as ours", () => {
  assignable<ours.ISmartDnsConstructorOptions, upstream.ISmartDnsConstructorOptions>();
  assignable<ours.TResolutionStrategy, upstream.TResolutionStrategy>();
  assignable<ours.TDnsProvider, upstream.TDnsProvider>();
  assignable<upstream.TDnsProvider, ours.TDnsProvider>();
  assignable<TUpstreamRecord, ours.IDnsRecord>();
  assignable<ours.IDnsRecord, TUpstreamRecord>();
  assignable<typeof upstream.makeNodeProcessUseDnsProvider, typeof ours.makeNodeProcessUseDnsProvider>();
});

test('our classes can stand where the public members of upstream are asked for', () => {
  assignable<Public<upstream.Smartdns>, ours.Smartdns>();
  assignable<ConstructorParameters<typeof ours.Smartdns>, ConstructorParameters<typeof upstream.Smartdns>>();
  assignable<Public<upstream.RustDnsClientBridge>, ours.RustDnsClientBridge>();
  assignable<EventEmitter, ours.Smartdns>();
});

test("the bridge's types are the same", () => {
  assignable<upstream.IResolveParams, ours.IResolveParams>();
  assignable<ours.IResolveParams, upstream.IResolveParams>();
  assignable<upstream.IResolveResult, ours.IResolveResult>();
  assignable<ours.IResolveResult, upstream.IResolveResult>();
  assignable<upstream.IClientDnsAnswer, ours.IClientDnsAnswer>();
  assignable<upstream.TClientDnsCommands, ours.TClientDnsCommands>();
});

test('every export of upstream exists', () => {
  const { Smartdns, RustDnsClientBridge, makeNodeProcessUseDnsProvider } = dnsClientMod;
  const exported: { [Name in keyof typeof upstream]: unknown } = {
    Smartdns,
    RustDnsClientBridge,
    makeNodeProcessUseDnsProvider,
  };
  for (const [name, value] of Object.entries(exported)) assert.equal(typeof value, 'function', name);
});

test('code written for upstream compiles and runs', async () => {
  const options: upstream.ISmartDnsConstructorOptions = {
    strategy: 'system',
    allowDohFallback: false,
    timeoutMs: 5_000,
  };
  const smartdns = new dnsClientMod.Smartdns(options);
  const records: TUpstreamRecord[] = await smartdns.getRecordsA('localhost');
  assert.deepEqual(records, [{ name: 'localhost', type: 'A', value: '127.0.0.1', dnsSecEnabled: false }]);
  const type: TUpstreamRecord['type'] = smartdns.convertDnsTypeNumberToTypeName(28);
  assert.equal(type, 'AAAA');
  const same: TUpstreamRecord[] = await smartdns.getRecords('localhost', type, 3);
  assert.equal(same[0]?.value, '::1');
  const ipv6: TUpstreamRecord[] = await smartdns.getRecordsAAAA('localhost');
  const texts: TUpstreamRecord[] = await smartdns.getRecordsTxt('localhost');
  assert.deepEqual([ipv6.length, texts.length], [1, 0]);
  const found: boolean = await smartdns.checkUntilAvailable('localhost', 'A', '127.0.0.1', 1, 1);
  assert.equal(found, true);
  const nameServers: (domain: string) => Promise<string[]> = (domain) => smartdns.getNameServers(domain);
  const viaNode: (name: string) => Promise<TUpstreamRecord[]> = (name) => smartdns.getRecordWithNodeDNS(name, 'MX');
  assert.deepEqual([typeof nameServers, typeof viaNode], ['function', 'function']);
  const map: { [key: string]: number } = smartdns.dnsTypeMap;
  assert.equal(map['TXT'], smartdns.convertDnsTypeNameToTypeNumber('TXT'));
  smartdns.destroy();
});
