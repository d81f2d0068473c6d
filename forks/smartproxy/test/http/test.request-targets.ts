// The forms of a request target (RFC 9112 §3.2) and the hosts that go with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient, startHttp, startProxy } from '../helpers/proxy.ts';

/** What of each request reached a backend behind a route for everybody, and the answer. */
async function ask(t: Parameters<typeof startHttp>[0], ...requests: string[]): Promise<string[]> {
  const backend = await startHttp(t, (req, res) => res.end(`<${req.method} ${req.url} ${req.headers.host}>`));
  const targets = [{ host: '127.0.0.1', port: backend.port }];
  const match = { ports: 8080, protocol: 'http' as const };
  const { port } = await startProxy(t, [{ name: 'all', match, action: { type: 'forward', targets } }]);
  const answers: string[] = [];
  for (const request of requests) {
    const client = await RawClient.open(port(8080));
    client.send(`${request}\r\nConnection: close\r\n\r\n`);
    answers.push(await client.whole());
  }
  return answers;
}

const arrived = (answer: string): string | undefined => /<(.*)>/.exec(answer)?.[1];

test('OPTIONS for a whole server arrives as *, in asterisk-form and absolute-form without a path', async (t) => {
  const answers = await ask(
    t,
    'OPTIONS * HTTP/1.1\r\nHost: a.test',
    'OPTIONS http://a.test HTTP/1.1\r\nHost: a.test',
    'OPTIONS http://a.test/ HTTP/1.1\r\nHost: a.test',
    'OPTIONS http://a.test?x HTTP/1.1\r\nHost: a.test',
    'GET http://a.test HTTP/1.1\r\nHost: a.test',
  );
  assert.deepEqual(answers.map(arrived), [
    'OPTIONS * a.test',
    'OPTIONS * a.test',
    'OPTIONS / a.test',
    'OPTIONS /?x a.test',
    'GET / a.test',
  ]);
});

test('hosts with ports and of both families arrive as they were sent', async (t) => {
  const hosts = ['a.test:65535', 'a.test:', '[::1]', '[2001:DB8::1]:8080', '[::ffff:192.0.2.1]', '192.0.2.1:1'];
  const answers = await ask(t, ...hosts.map((host) => `GET / HTTP/1.1\r\nHost: ${host}`));
  assert.deepEqual(
    answers.map(arrived),
    hosts.map((host) => `GET / ${host}`),
  );
});

test('CONNECT is answered with what is allowed', async (t) => {
  const [answer] = await ask(t, 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443');
  assert.match(answer!, /^HTTP\/1\.1 405 [^]*\r\nAllow: GET, /);
});
