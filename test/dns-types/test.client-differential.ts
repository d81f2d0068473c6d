/**
 * The same questions to the same server, asked by upstream's client and by ours: equal, or on the list with its reason.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RustDnsClientBridge } from '@dcrouter/smartdns/client';
import type * as upstream from '@push.rocks/smartdns/client';
import { preparedUpstream } from '../../bench/dns/peer-upstream.ts';
import { missing, startDaemon } from '../../forks/smartdns/test/client/daemons.ts';

const prepared = preparedUpstream();
const skip = prepared === undefined ? 'upstream is not prepared: node bench/dns/peer-upstream.ts' : missing('knotd');

const equalQuestions: ReadonlyArray<[string, string]> = [
  ['www.peer.test', 'A'],
  ['WWW.peer.test.', 'A'],
  ['www.peer.test', 'AAAA'],
  ['peer.test', 'MX'],
  ['peer.test', 'NS'],
  ['peer.test', 'SOA'],
  ['_sip._tcp.peer.test', 'SRV'],
  ['deep.peer.test', 'A'],
  ['alias.peer.test', 'CNAME'],
  ['away.peer.test', 'A'],
  ['q.wild.peer.test', 'A'],
  ['nothing.peer.test', 'A'],
  ['www.peer.test', 'MX'],
  ['elsewhere.example', 'A'],
];

/** Where upstream is wrong, and what ours gives. */
const justified: ReadonlyArray<{ question: [string, string]; why: string; ours: RegExp }> = [
  {
    question: ['long.peer.test', 'TXT'],
    why: 'TC is ignored (RFC 7766 section 5): no records',
    ours: /part 0 .*part 29 /,
  },
  { question: ['peer.test', 'CAA'], why: 'rcode 4 without asking (RFC 8659)', ours: /0 issue \\"letsencrypt.org\\"/ },
  { question: ['svc.peer.test', 'HTTPS'], why: 'rcode 4 without asking (RFC 9460)', ours: /1 \. alpn=/ },
  { question: ['x.tree.peer.test', 'A'], why: 'DNAME shows as UNKNOWN (RFC 6672)', ours: /"DNAME".*www\.peer\.test/ },
];

test('upstream and ours give the same values', { skip }, async () => {
  const entry = join(prepared!.folder, 'dist_ts_client', 'index.js');
  const { RustDnsClientBridge: TheirBridge } = (await import(pathToFileURL(entry).href)) as typeof upstream;
  const knot = await startDaemon('knotd');
  const theirs = new TheirBridge();
  const ours = new RustDnsClientBridge();
  const ask = async (bridge: typeof theirs | typeof ours, [name, type]: [string, string]): Promise<string> => {
    const { answers, adFlag, rcode } = await bridge.resolve(name, type, 'udp', knot.address, undefined, 5_000);
    const records = answers.map((answer) => [answer.name, answer.type, answer.ttl, answer.value]);
    return JSON.stringify({ rcode, adFlag, records });
  };
  try {
    for (const question of equalQuestions) {
      assert.equal(await ask(ours, question), await ask(theirs, question), question.join(' '));
    }
    for (const { question, why, ours: expected } of justified) {
      const answer = await ask(ours, question);
      assert.match(answer, expected, why);
      assert.notEqual(answer, await ask(theirs, question), `${question.join(' ')} is equal now: take it off the list`);
    }
  } finally {
    theirs.kill();
    ours.kill();
    await knot.stop();
  }
});
