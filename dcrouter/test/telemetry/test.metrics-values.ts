// What the metrics show, held against the statistics that they are read from.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import { selfSignedCertificate } from '@dcrouter/acme';
import { DnsServer } from '@dcrouter/smartdns/server';
import { SmartProxy, type IRouteConfig, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { ControlCounters } from '../../ts/control/stats.ts';
import type { IHealthStats } from '../../ts/health/types.ts';
import type { IResolveStats } from '../../ts/resolve/types.ts';
import type { IRuleStats } from '../../ts/rules/types.ts';
import { MemoryStore } from '../../ts/store/memory.ts';
import { registerRouterMetrics, type IMetricSources } from '../../ts/telemetry/register.ts';

type TWritable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Samples of a registry by their text: `name{labels}`. */
async function samples(registry: Registry): Promise<Map<string, number>> {
  const page = await registry.expose();
  assert.doesNotMatch(page, /^metrics_collect_failures_total\{.*\} [1-9]/m, 'every part could be read');
  return new Map(Array.from(page.matchAll(/^([^#].*) (\S+)$/gm), ([, name, value]) => [name!, Number(value)]));
}

function register(sources: Partial<IMetricSources>): Registry {
  const registry = new Registry();
  const none = (): null => null;
  registerRouterMetrics(registry, {
    proxy: none,
    dns: none,
    control: none,
    store: none,
    rules: none,
    resolve: none,
    health: none,
    history: none,
    logs: none,
    events: none,
    api: none,
    ...sources,
  });
  return registry;
}

async function proxyWith(
  t: TestContext,
  routes: (backend: number) => IRouteConfig[],
  options: Partial<ISmartProxyOptions> = {},
) {
  const backend = createServer((_, response) => void response.end('hello'));
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    routes: routes((backend.address() as AddressInfo).port),
    ...options,
  });
  await proxy.start();
  t.after(async () => {
    await proxy.stop({ drainTimeout: 0 });
    backend.close();
  });
  const ask = async (): Promise<void> => {
    const closed = once(proxy, 'connection-close');
    const call = get({ port: proxy.listeningPort(8080)!, agent: false });
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    await closed;
  };
  return { proxy, ask };
}

function route(name: string, backend: number): IRouteConfig {
  return {
    name,
    match: { ports: 8080, protocol: 'http' },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: backend }] },
  };
}

test('proxy: series equal the statistics, and those of removed routes go', async (t) => {
  let backend = 0;
  const { proxy, ask } = await proxyWith(t, (port) => {
    backend = port;
    return [route('one', port)];
  });
  const registry = register({ proxy: () => proxy });
  await ask();
  await ask();
  let shown = await samples(registry);
  const [upstream] = proxy.stats.getUpstreamStats();
  const target = `upstream="127.0.0.1:${backend}"`;
  assert.equal(shown.get('dcrouter_proxy_requests_total{route="one"}'), 2);
  assert.equal(shown.get('dcrouter_proxy_responses_total{route="one",class="2xx"}'), 2);
  assert.equal(shown.get(`dcrouter_proxy_upstream_connects_total{${target}}`), upstream!.connects);
  assert.equal(shown.get(`dcrouter_proxy_upstream_requests_total{${target}}`), 2);
  assert.equal(shown.get(`dcrouter_proxy_upstream_retries_total{${target}}`), 0);
  assert.equal(shown.get(`dcrouter_proxy_upstream_requests_waiting{${target}}`), 0);
  assert.equal(shown.get(`dcrouter_proxy_upstream_state{${target},state="ready"}`), 1);
  assert.equal(shown.get(`dcrouter_proxy_upstream_state{${target},state="drain"}`), 0);
  assert.equal(shown.get(`dcrouter_proxy_upstream_tls_duration_seconds_count{${target}}`), 0);
  assert.equal(shown.get('dcrouter_proxy_request_duration_seconds_count{route="one"}'), 2);
  assert.equal(shown.get('dcrouter_proxy_workers_configured'), 0);

  // The fork folds the counters of routes together that were removed long ago; here as many as it keeps, and one more.
  for (let n = 0; proxy.stats.getRouteStats('one').length > 0; n += 1) {
    assert.ok(n < 10_000);
    await proxy.updateRoutes([route(`other-${n}`, backend)]);
  }
  shown = await samples(registry);
  assert.deepEqual(
    [...shown.keys()].filter((name) => name.includes('route="one"')),
    [],
  );
  const requests = [...shown].filter(([name]) => name.startsWith('dcrouter_proxy_requests_total{'));
  assert.equal(
    requests.reduce((sum, [, value]) => sum + value, 0),
    2,
    'each exchange is shown once',
  );
});

test('the ring: what moved in and out, and nothing where there is none', async (t) => {
  const { proxy } = await proxyWith(t, (port) => [route('one', port)], { sockets: 'ring' });
  const registry = register({ proxy: () => proxy });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 10; n += 1) {
    const call = get({ port: proxy.listeningPort(8080)!, agent });
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
  }
  // The system may give no ring: then the series stay at 0.
  const inside = proxy.stats.snapshot().ring === undefined ? 0 : 2;
  const shown = await samples(registry);
  assert.equal(shown.get('dcrouter_proxy_ring_sockets'), inside);
  assert.equal(shown.get('dcrouter_proxy_ring_entered_total'), inside);
  assert.equal(shown.get('dcrouter_proxy_ring_returned_total'), 0);
  if (inside > 0) assert.equal(shown.get('dcrouter_proxy_ring_bounds_total{bound="places"}'), 0);
  agent.destroy();
});

test('certificates: expiry by route and name, and one state of four', async (t) => {
  const { key, cert } = selfSignedCertificate(['a.test', 'b.test']);
  const { proxy } = await proxyWith(t, (port) => [
    {
      ...route('tls', port),
      match: { ports: 8443, domains: 'a.test' },
      action: {
        type: 'forward',
        targets: [{ host: '127.0.0.1', port }],
        tls: { mode: 'terminate', certificate: { key, cert } },
      },
    },
  ]);
  const registry = register({ proxy: () => proxy });
  let shown = await samples(registry);
  const status = proxy.getCertificateStatus('tls')!;
  const expiry = `dcrouter_proxy_certificate_expiry_timestamp_seconds{route="tls",name="${status.domain}"}`;
  assert.equal(shown.get(expiry), status.expiryDate!.getTime() / 1_000);
  assert.equal(shown.get('dcrouter_proxy_certificate_failing{route="tls"}'), 0);
  for (const state of ['valid', 'pending', 'expired', 'error'])
    assert.equal(
      shown.get(`dcrouter_proxy_certificate_status{route="tls",status="${state}"}`),
      state === 'valid' ? 1 : 0,
    );
  await proxy.updateRoutes([]);
  shown = await samples(registry);
  assert.deepEqual(
    [...shown.keys()].filter((name) => name.startsWith('dcrouter_proxy_certificate_') && name.includes('{')),
    [],
  );
});

test('DNS: zones, keys, and answers by zone and rcode', async () => {
  const dns = new DnsServer({
    zones: [
      {
        origin: 'a.test',
        records: [
          { name: 'a.test', type: 'NS', ttl: 60, data: 'ns.a.test' },
          { name: 'a.test', type: 'A', ttl: 60, data: '192.0.2.1' },
        ],
      },
    ],
  });
  await dns.zones.sign('a.test', { scheme: 'ksk-zsk' });
  const registry = register({ dns: () => dns });
  // a.test and b.a.test, class IN, type A.
  await dns.processRawDnsPacketAsync(Buffer.from('000100000001000000000000016104746573740000010001', 'hex'));
  await dns.processRawDnsPacketAsync(Buffer.from('0001000000010000000000000162016104746573740000010001', 'hex'));
  let shown = await samples(registry);
  assert.equal(shown.get('dcrouter_dns_zones'), 1);
  assert.equal(shown.get('dcrouter_dns_zone_queries_total{zone="a.test"}'), 2);
  assert.equal(shown.get('dcrouter_dns_zone_responses_total{zone="a.test",rcode="NXDOMAIN"}'), 1);
  assert.equal(shown.get('dcrouter_dns_zone_serial{zone="a.test"}'), dns.zones.get('a.test')!.serial);
  const keys = [...shown].filter(([name]) => name.startsWith('dcrouter_dns_dnssec_keys{'));
  assert.deepEqual(keys.map(([name, value]) => `${/role="(\w+)"/.exec(name)![1]} ${value}`).toSorted(), [
    'ksk 1',
    'zsk 1',
  ]);
  dns.zones.remove('a.test');
  shown = await samples(registry);
  assert.equal(shown.get('dcrouter_dns_zones'), 0);
  assert.deepEqual(
    [...shown.keys()].filter((name) => /^dcrouter_dns_(zone_serial|dnssec_keys)\{/.test(name)),
    [],
  );
});

test('store and control: operations by outcome, changes by source and outcome, from zero on', async () => {
  const store = new MemoryStore({ node: 'a' });
  await store.objects.load();
  await assert.rejects(store.versions.settle(7, 'active'));
  const counters = new ControlCounters();
  counters.ended('file', 'applied', 5_000, 20);
  const control = {
    stats: () => ({
      changes: counters.changes,
      reverted: counters.reverted,
      confirmed: counters.confirmed,
      conflicts: counters.conflicts,
      lastSuccessAtMs: counters.lastSuccessAtMs,
      lastFailureAtMs: counters.lastFailureAtMs,
      busy: 0,
      waiting: 1,
      duration: counters.duration(),
      version: 3,
      revision: 4,
      pendingRestart: 2,
      confirmByMs: 1,
      storeOpen: true,
    }),
  };
  const shown = await samples(register({ store: () => store, control: () => control }));
  assert.equal(shown.get('dcrouter_store_operations_total{operation="objects.load",outcome="done"}'), 1);
  assert.equal(shown.get('dcrouter_store_operations_total{operation="versions.settle",outcome="failed"}'), 1);
  assert.equal(shown.get('dcrouter_store_operations_total{operation="backup",outcome="done"}'), 0);
  assert.equal(shown.get('dcrouter_store_operation_duration_seconds_count{operation="objects.load"}'), 1);
  assert.equal(shown.get('dcrouter_store_reachable'), 1);
  assert.equal(shown.get('dcrouter_store_info{dialect="memory"}'), 1);
  assert.equal(shown.get('dcrouter_config_changes_total{source="file",outcome="applied"}'), 1);
  assert.equal(shown.get('dcrouter_config_changes_total{source="nodes",outcome="failed"}'), 0);
  assert.equal(shown.get('dcrouter_config_change_duration_seconds_count'), 1);
  assert.equal(shown.get('dcrouter_config_last_success_timestamp_seconds'), 5);
  assert.equal(shown.get('dcrouter_config_last_failure_timestamp_seconds'), 0);
  assert.equal(shown.get('dcrouter_config_version'), 3);
  assert.equal(shown.get('dcrouter_config_unconfirmed'), 1);
});

test('rules: a changed rule begins anew, a removed one goes', async () => {
  const stats: TWritable<IRuleStats> = {
    rules: 2,
    evaluations: { connection: 1, request: 2, query: 3, mail: 4 },
    hits: [
      { rule: 'a', action: 'deny', hits: 5 },
      { rule: 'b', action: 'tag', hits: 1 },
    ],
    counters: [{ name: 'client.rate', keys: 7, evicted: 2 }],
    logLinesDropped: 9,
  };
  const registry = register({ rules: () => ({ stats: () => stats }) });
  let shown = await samples(registry);
  assert.equal(shown.get('dcrouter_rules'), 2);
  assert.equal(shown.get('dcrouter_rule_evaluations_total{stage="query"}'), 3);
  assert.equal(shown.get('dcrouter_rule_hits_total{rule="a",action="deny"}'), 5);
  assert.equal(shown.get('dcrouter_rule_counter_keys{counter="client.rate"}'), 7);
  assert.equal(shown.get('dcrouter_rule_counter_evicted_total{counter="client.rate"}'), 2);
  assert.equal(shown.get('dcrouter_rule_log_dropped_total'), 9);
  stats.hits = [{ rule: 'a', action: 'deny', hits: 2 }];
  shown = await samples(registry);
  assert.equal(shown.get('dcrouter_rule_hits_total{rule="a",action="deny"}'), 2);
  assert.equal(shown.get('dcrouter_rule_hits_total{rule="b",action="tag"}'), undefined);
});

test('health and names: checks with their probes, look-ups without names as labels', async () => {
  const probe = { target: '192.0.2.1:80', state: 'down', reason: 'refused', streak: -3, durationMs: 12 } as const;
  const check = {
    name: 'web',
    type: 'tcp',
    target: "route 'web'",
    state: 'down',
    sinceMs: 3_000,
    reason: 'refused',
    runs: 9,
    failures: 3,
    changes: 1,
    probes: [probe],
  } as const;
  const health: TWritable<IHealthStats> = { checks: [check], running: 1, runs: 9, failures: 3, changes: 1, delayed: 2 };
  const resolve: IResolveStats = {
    entries: 1,
    lookups: 10,
    hits: 8,
    queries: 2,
    failures: 1,
    staleUses: 3,
    changes: 1,
    evictions: 0,
    names: [],
  };
  const registry = register({
    health: () => ({ stats: () => health }),
    resolve: () => ({
      stats: (namesMax) => {
        assert.equal(namesMax, 0);
        return resolve;
      },
    }),
  });
  let shown = await samples(registry);
  assert.equal(shown.get('dcrouter_health_check_up{check="web"}'), 0);
  assert.equal(shown.get('dcrouter_health_check_runs_total{check="web"}'), 9);
  assert.equal(shown.get('dcrouter_health_check_changed_timestamp_seconds{check="web"}'), 3);
  assert.equal(shown.get('dcrouter_health_probe_up{check="web",target="192.0.2.1:80"}'), 0);
  assert.equal(shown.get('dcrouter_health_probe_duration_seconds{check="web",target="192.0.2.1:80"}'), 0.012);
  assert.equal(shown.get('dcrouter_health_delayed_total'), 2);
  assert.equal(shown.get('dcrouter_resolve_lookups_total'), 10);
  assert.equal(shown.get('dcrouter_resolve_stale_uses_total'), 3);
  health.checks = [];
  shown = await samples(registry);
  assert.deepEqual(
    [...shown.keys()].filter((name) => name.includes('check="web"')),
    [],
  );
});

test('what was registered is taken out again, so that a router can be started twice', () => {
  const registry = new Registry();
  const none = (): null => null;
  const sources = {
    proxy: none,
    dns: none,
    control: none,
    store: none,
    rules: none,
    resolve: none,
    health: none,
    history: none,
    logs: none,
    events: none,
    api: none,
  };
  const stop = registerRouterMetrics(registry, sources);
  stop();
  assert.deepEqual([...registry.metrics()], []);
  registerRouterMetrics(registry, sources)();
});
