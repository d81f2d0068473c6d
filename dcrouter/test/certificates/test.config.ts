import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../ts/config/error.ts';
import { read } from '../config/documents.ts';

function check(domains: readonly string[], acme: object | undefined, zone = 'example.test', enabled = true): string[] {
  const tls = { mode: 'terminate', certificate: 'auto', ...(acme && { acme }) };
  const text = JSON.stringify({
    proxy: {
      acme: { email: 'a@example.test', enabled },
      routes: [{ name: 'web', match: { ports: 443, domains }, action: { type: 'redirect', tls } }],
    },
    dns: { zones: { [zone]: { nameservers: ['ns1.other.test'] } } },
  });
  try {
    read(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

test('names that only dns-01 can prove need their zone, and are told with it', () => {
  assert.deepEqual(check(['*.example.test', 'www.example.test'], undefined), []);
  assert.deepEqual(check(['*.Example.test'], undefined, 'EXAMPLE.test.'), []);
  assert.deepEqual(check(['*.deep.example.test'], { challenge: 'dns-01' }), []);
  const domains = 'proxy.routes[0].match.domains';
  assert.deepEqual(check(['*.other.test', 'www.other.test'], undefined), [
    `${domains}: *.other.test needs a dns-01 challenge, and no zone of dns.zones holds other.test; add its zone`,
  ]);
  assert.deepEqual(check(['www.other.test'], { challenge: 'dns-01' }), [
    `${domains}: www.other.test needs a dns-01 challenge, and no zone of dns.zones holds www.other.test; add its zone`,
  ]);
  assert.deepEqual(check(['*.example.test'], { challenge: 'http-01' }), [
    "proxy.routes[0].action.tls.acme.challenge: got 'http-01', which cannot prove *.example.test; use dns-01, or leave it out",
  ]);
});

test('what is never ordered needs no zone: other patterns, other challenges, ACME switched off', () => {
  assert.deepEqual(check(['www.other.test'], { challenge: 'tls-alpn-01' }), []);
  assert.deepEqual(check(['*', 'other.*'], undefined), []);
  assert.deepEqual(check(['*.other.test'], undefined, 'example.test', false), []);
});
