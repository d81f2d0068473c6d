// What the documents say about /metrics, held against a running router and a real Prometheus.
import { DcRouter, createLogger, parseConfigDocument, validateConfig } from '@dcrouter/dcrouter';
import { selfSignedCertificate } from '@dcrouter/acme';
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { startExampleBackends } from '../../dcrouter/examples/backends.ts';
import { toolVersion } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';
import { missing, Prometheus, until } from '../metrics/tools.ts';

const root = join(import.meta.dirname, '../..');

interface IDocumented {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** The rows of docs/metrics.md. */
function documented(): IDocumented[] {
  const text = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  return Array.from(text.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm), ([, name, type, labels]) => ({
    name: name!,
    type: type!,
    labels: Array.from(labels!.matchAll(/`(\w+)`/g), ([, label]) => label!),
  }));
}

/** The example, serving, after one exchange of each kind and one query of each kind. */
async function serve(t: TestContext): Promise<{ api: number }> {
  const backends = await startExampleBackends(0, 0);
  t.after(() => backends.close());
  const [http, https, dns, api] = (await freePorts(4)) as [number, number, number, number];
  const file = join(root, 'dcrouter/examples/example.yaml');
  const env = {
    DCROUTER_HTTP_PORT: String(http),
    DCROUTER_HTTPS_PORT: String(https),
    DCROUTER_DNS_PORT: String(dns),
    DCROUTER_API_PORT: String(api),
    DCROUTER_BACKEND_PORT: String(backends.httpPort),
    DCROUTER_TLS_BACKEND_PORT: String(backends.httpsPort),
  };
  const config = validateConfig(parseConfigDocument(file, readFileSync(file, 'utf8'), env));
  // One with a date to end: a self-signed one is made anew at each start.
  const secure = config.proxy!.routes.find(({ name }) => name === 'app-https')!;
  const { key, cert } = selfSignedCertificate(['app.example.test']);
  secure.action.tls!.certificate = { key, cert };
  const router = new DcRouter(config, { logger: createLogger({ level: 'silent', format: 'json' }) });
  await router.start();
  t.after(() => router.stop());
  const done = async (call: ReturnType<typeof request>): Promise<void> => {
    const [response] = (await once(call.end(), 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
  };
  const host = 'app.example.test';
  const to = { host: '127.0.0.1', agent: false, headers: { host } };
  await done(request({ ...to, port: http }));
  await done(request({ ...to, port: http, headers: { host: 'unknown.test' } }));
  await done(get({ ...to, port: https, servername: host, rejectUnauthorized: false }));
  if (toolVersion('dig', ['-v']) !== undefined) {
    for (const args of [[host], ['+tcp', host], ['nothing.example.test']])
      await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(dns), '+tries=1', ...args]);
  }
  return { api };
}

test('the page of a running router is what docs/metrics.md says, and promtool has nothing to complain about', async (t) => {
  const { api } = await serve(t);
  const page = await (await fetch(`http://127.0.0.1:${api}/metrics`)).text();
  const shown = Array.from(page.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => `${name} ${type}`).sort();
  assert.deepEqual(
    shown,
    documented()
      .map(({ name, type }) => `${name} ${type}`)
      .sort(),
  );
  const labels = new Map(documented().map((metric) => [metric.name, metric.labels]));
  for (const [, sample, text] of page.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    const family = labels.has(sample!) ? sample! : sample!.replace(/_(bucket|sum|count)$/, '');
    if (family.startsWith('metrics_')) continue;
    const names = Array.from(text!.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g), ([, name]) => name!).filter(
      (name) => name !== 'le',
    );
    assert.deepEqual(names, labels.get(family), family);
  }
  if (missing('promtool') === false) {
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' });
    assert.deepEqual({ status, said: stdout + stderr }, { status: 0, said: '' });
  }
});

test('a real Prometheus knows every documented metric, with its type', { skip: missing('prometheus') }, async (t) => {
  const { api } = await serve(t);
  const prometheus = await Prometheus.start(t, { router: `127.0.0.1:${api}` });
  const metadata = await until('metadata of the router', async () => {
    const known = await prometheus.api<Record<string, Array<{ type: string; help: string }>>>('metadata');
    return known['dcrouter_proxy_uptime_seconds'] === undefined ? undefined : known;
  });
  const { activeTargets } = await prometheus.api<{ activeTargets: Array<{ lastError: string }> }>('targets');
  for (const { lastError } of activeTargets) assert.equal(lastError, '');
  const absent: string[] = [];
  for (const { name, type } of documented()) {
    // OpenMetrics names a counter, and an info, without its suffix.
    const entries = metadata[name] ?? metadata[name.replace(/_(total|info)$/, '')];
    if (entries === undefined) absent.push(name);
    else assert.deepEqual([...new Set(entries.map((entry) => entry.type))], [type], name);
  }
  assert.deepEqual(absent, []);
  for (const [query, least] of [
    ['sum(dcrouter_proxy_requests_total)', 2],
    ['dcrouter_proxy_responses_total{route="app-http",class="2xx"}', 1],
    ['sum(dcrouter_proxy_tls_handshakes_total)', 1],
    ['histogram_quantile(0.5, dcrouter_proxy_request_duration_seconds_bucket{route="app-http"})', 0],
    ['dcrouter_proxy_certificate_expiry_timestamp_seconds{route="app-https"}', Date.now() / 1_000],
    ['dcrouter_dns_zones', 1],
    ['dcrouter_build_info', 1],
    ['process_resident_memory_bytes', 1],
  ] as const)
    assert.ok((await prometheus.value(query)) >= least, query);
});
