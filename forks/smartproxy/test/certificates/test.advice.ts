// What is said about an ACME configuration before an order fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SmartProxy, type IAcmeOptions, type IRouteConfig } from '@dcrouter/smartproxy';

function route(name: string, domains: string[] | undefined, more: Partial<IRouteConfig> = {}): IRouteConfig {
  const tls = { mode: 'terminate' as const, certificate: 'auto' as const };
  return {
    name,
    match: { ports: 443, domains },
    action: { type: 'forward', targets: [{ host: 'h', port: 1 }], tls },
    ...more,
  };
}

const advice = (routes: IRouteConfig[], acme?: IAcmeOptions, more = {}): string[] =>
  new SmartProxy({ routes, acme, ...more }).validateAcmeConfiguration();

test('what keeps certificates from being ordered is said, a sentence each', () => {
  const good = route('good', ['a.test', 'b.test']);
  assert.deepEqual(advice([good], { email: 'a@a.test' }), []);
  assert.deepEqual(advice([good], { accountEmail: 'a@a.test' }), []);
  assert.deepEqual(advice([good], { directoryUrl: 'https://ca.test/dir' }), []);
  assert.deepEqual(advice([good]), ["route good: acme.email is missing, which Let's Encrypt needs"]);
  assert.deepEqual(advice([{ ...good, enabled: false }]), []);
  assert.deepEqual(advice([good], { enabled: false }), [
    'route good: acme.enabled is false, and there is no certProvisionFunction',
  ]);
  assert.deepEqual(advice([good], { enabled: false }, { certProvisionFunction: async () => 'http01' }), []);
  const odd = [route('none', undefined), route('odd', ['*.a.test', 'a.*', '*', '*.*.a.test'])];
  assert.deepEqual(advice(odd, { email: 'a@a.test' }), [
    'route none: match.domains is missing: there is no name to order for',
    'route odd: *.a.test needs acme.dnsChallenge: wildcards are checked by dns-01',
    'route odd: a.* is a pattern that no certificate can have',
    'route odd: * is a pattern that no certificate can have',
    'route odd: *.*.a.test is a pattern that no certificate can have',
  ]);
});
