import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { startChild, type IChild } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';

const root = join(import.meta.dirname, '../..');
const children: IChild[] = [];
let clone: string;
let env: NodeJS.ProcessEnv;

before(async () => {
  clone = await mkdtemp(join(tmpdir(), 'dcrouter-clone-'));
  execFileSync('git', ['clone', '--quiet', '--local', root, clone]);
  // The machine's own programs, not the runtime that this test runs on: that is what a newcomer has.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('.runtime') && !folder.includes('node_modules'));
  // What a network may need to reach the registry (a proxy, its certificates), and nothing that npm or a test runner set.
  const network = Object.entries(process.env).filter(([name]) =>
    /^(?:https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR))$/i.test(name),
  );
  env = { ...Object.fromEntries(network), HOME: process.env.HOME, PATH: path.join(delimiter), CI: 'true' };
});

after(async () => {
  for (const child of children) child.signalGroup('SIGKILL');
  await rm(clone, { recursive: true, force: true });
});

function npm(args: readonly string[], extra: NodeJS.ProcessEnv = {}): IChild {
  const child = startChild('npm', args, { cwd: clone, env: { ...env, ...extra } });
  children.push(child);
  return child;
}

async function examplePorts(): Promise<NodeJS.ProcessEnv> {
  const names = ['HTTP', 'HTTPS', 'DNS', 'API', 'BACKEND', 'TLS_BACKEND'];
  const ports = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [`DCROUTER_${name}_PORT`, String(ports[index])]));
}

test('npm test sets everything up in a fresh clone and runs tests there', { timeout: 300_000 }, async () => {
  const child = npm(['test', '--', 'tidy/test.import-direction']);
  const code = await child.ended;
  assert.equal(code, 0, child.output());
  assert.match(child.output(), /dcrouter: install: installed from the lockfile \(\d+\.\d s\)/);
  assert.match(child.output(), /dcrouter: build: built what was stale \(\d+\.\d s\)/);
  assert.match(child.output(), /(?:ℹ|#) fail 0/);
});

test('npm test passes a failure on as its exit code', { timeout: 120_000 }, async () => {
  const child = npm(['test', '--', 'no-such-test-file']);
  assert.equal(await child.ended, 1);
  assert.match(child.output(), /no test file has 'no-such-test-file' in its path/);
});

test('npm start runs the example, says what to try, and Ctrl-C stops it all', { timeout: 120_000 }, async () => {
  const ports = await examplePorts();
  const child = npm(['start'], ports);
  await child.saw(/Ctrl-C stops everything/);
  assert.doesNotMatch(child.output(), /dcrouter: (?:runtime|pnpm|install|build):/, 'nothing is set up twice');

  const printed = /curl -H 'Host: app\.example\.test' (\S+)/.exec(child.output())?.[1];
  const body = execFileSync('curl', ['-sS', '-H', 'Host: app.example.test', printed!], { encoding: 'utf8' });
  assert.equal(body, 'the HTTP backend got GET / for app.example.test\n');
  for (const [host, backend] of [
    ['app.example.test', 'the HTTP backend'],
    ['secure.example.test', 'the HTTPS backend'],
  ] as const) {
    const secure = await httpsGet(Number(ports.DCROUTER_HTTPS_PORT), host);
    assert.equal(secure, `${backend} got GET / for ${host}\n`);
  }
  const digLine = /dig (@\S+) -p (\d+) (\S+) A/.exec(child.output())!;
  for (const transport of ['+notcp', '+tcp']) {
    const answer = execFileSync('dig', ['+short', transport, digLine[1]!, '-p', digLine[2]!, digLine[3]!, 'A'], {
      encoding: 'utf8',
    });
    assert.equal(answer.trim(), '127.0.0.1');
  }
  const metrics = await (await fetch(`http://127.0.0.1:${ports.DCROUTER_API_PORT}/metrics`)).text();
  assert.match(metrics, /^dcrouter_proxy_requests_total\{route="app-https"\} 1$/m);
  assert.match(metrics, /^dcrouter_proxy_connections_total\{route="secure-passthrough"\} 1$/m);
  assert.match(metrics, /^dcrouter_dns_queries_total\{type="A"\} 2$/m);

  child.signalGroup('SIGINT');
  await stoppedBy(child, 'SIGINT');
  assert.doesNotMatch(child.output(), /^\s+at .*\(/m, 'no stack trace');
});

test('a supervisor that signals only the first process stops everything too', { timeout: 120_000 }, async () => {
  const child = npm(['start'], await examplePorts());
  await child.saw(/Ctrl-C stops everything/);
  child.process.kill('SIGTERM');
  await stoppedBy(child, 'SIGTERM');
});

test(
  'a busy port, a bad configuration and a missing file are one clear line and exit code 1',
  { timeout: 120_000 },
  async () => {
    const ports = await examplePorts();
    const squatter = createServer().listen(Number(ports.DCROUTER_HTTP_PORT), '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const busy = npm(['start'], ports);
      assert.equal(await busy.ended, 1, busy.output());
      assert.match(
        busy.output(),
        new RegExp(
          `^dcrouter: the proxy cannot start: the address \\S*:${ports.DCROUTER_HTTP_PORT} is in use by another program`,
          'm',
        ),
      );
      assert.doesNotMatch(busy.output(), /^\s+at /m);
    } finally {
      squatter.close();
    }
    const bad = join(clone, 'bad.yaml');
    await writeFile(bad, 'api:\n  port: ninety\n');
    const invalid = npm(['start', '--', '--config', bad]);
    assert.equal(await invalid.ended, 1);
    assert.match(invalid.output(), /^dcrouter: \S+bad\.yaml:2:9: api\.port: got 'ninety'; expected a number$/m);
    const missing = npm(['start', '--', '--config', join(clone, 'nowhere.yaml')]);
    assert.equal(await missing.ended, 1);
    assert.match(missing.output(), /^dcrouter: \S+nowhere\.yaml: there is no such file$/m);
    assert.doesNotMatch(`${invalid.output()}${missing.output()}`, /^\s+at /m);
  },
);

test('npm start -- --config FILE runs the configuration of one’s own', { timeout: 120_000 }, async () => {
  const [port] = await freePorts(1);
  const file = join(clone, 'own.yaml');
  await writeFile(file, `api: { port: ${port} }\n`);
  const child = npm(['start', '--', '--config', file]);
  await child.saw(/"msg":"listening"/);
  const health = await fetch(`http://127.0.0.1:${port}/healthz`);
  assert.deepEqual(await health.json(), { status: 'ok' });
  child.signalGroup('SIGINT');
  await stoppedBy(child, 'SIGINT');
});

/** The router stopped in order and nothing of it is left; npm itself may say that the signal ended it. */
async function stoppedBy(child: IChild, signal: NodeJS.Signals): Promise<void> {
  const how = await child.ended;
  assert.ok(how === 0 || how === signal, `ended with ${how}:\n${child.output()}`);
  assert.match(child.output(), /stopped/);
}

function httpsGet(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port, servername: host, headers: { host }, rejectUnauthorized: false, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve(body));
      },
    );
    request.on('error', reject);
  });
}
