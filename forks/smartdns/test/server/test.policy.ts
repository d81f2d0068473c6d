// A policy is asked about every readable query, before prebuilt answers, and what it refuses is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsServer, type IDnsVerdict } from '@dcrouter/smartdns/server';
import { decode, makeQuery } from './ask.ts';

test('a policy lets through, refuses with a code, drops, and goes again', () => {
  const server = new DnsServer({ manualUdpMode: true, authoritativeZones: ['a.test'] });
  const address = { type: 'A', class: 'IN', ttl: 60, data: '192.0.2.1' };
  server.registerHandler('*.a.test', ['A'], ({ name }) => ({ name, ...address }), { cache: {} });
  const ask = (name: string): { rcode: number; answers: number; question: string } => {
    const packet = makeQuery({ name });
    const { rcode, answers, questions } = decode(server.processRawDnsPacket(packet, { clientIp: '192.0.2.9' }));
    return { rcode, answers: answers.length, question: questions[0]?.name ?? '' };
  };
  // The second answer comes from an image.
  for (let turn = 0; turn < 2; turn += 1) assert.equal(ask('www.a.test').answers, 1);
  const verdicts: Record<string, IDnsVerdict> = {
    'www.a.test': { rcode: 5, reason: 'rule-denied' },
    'gone.a.test': { rcode: 3, reason: 'rule-rate-limited' },
    'void.a.test': { rcode: 'drop', reason: 'rule-tarpit' },
  };
  const seen: string[] = [];
  server.setPolicy({
    query: ({ domain, type, class: of, source, clientIp, dnssecOk, recursionDesired }) => {
      seen.push([domain, type, of, source, clientIp, dnssecOk, recursionDesired].join(' '));
      return verdicts[domain] ?? null;
    },
  });
  assert.deepEqual(ask('WWW.a.test'), { rcode: 5, answers: 0, question: 'WWW.a.test' });
  assert.deepEqual(ask('gone.a.test'), { rcode: 3, answers: 0, question: 'gone.a.test' });
  assert.throws(() => ask('void.a.test'), /gets no answer/);
  assert.equal(ask('else.a.test').answers, 1);
  assert.equal(seen[0], 'www.a.test A IN udp 192.0.2.9 false true');
  assert.equal(seen.length, 4);
  server.setPolicy(null);
  assert.equal(ask('www.a.test').answers, 1);
  const { totals, dropsByReason, errors } = server.stats.snapshot();
  assert.equal(totals.received, totals.answered + totals.dropped);
  assert.equal(dropsByReason['rule-tarpit'], 1);
  assert.deepEqual([errors['rule-denied'], errors['rule-rate-limited'], errors['rule-tarpit']], [1, 1, 0]);
});
