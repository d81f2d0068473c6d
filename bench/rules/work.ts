// One measurement in a process of its own: `work.ts TASK SECONDS` prints the CPU nanoseconds of one decision or query.
import { DnsRules, factsOf, RuleSet, type IFactsInput } from '@dcrouter/dcrouter';
import { DnsServer } from '@dcrouter/smartdns/server';
import { makeRules } from './rules.ts';

const NS_PER_MICRO = 1_000;
const BATCH = 10_000;
const WARM_UP_SECONDS = 0.5;

const [, , task = '', seconds = '1'] = process.argv;

const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)', 'accept': '*/*' };
const requests: IFactsInput[] = ['www.example.com', 'shop500.example.com', 'a.customer501.example.net'].map(
  (host, at) => ({
    client: { ip: `192.0.2.${at + 1}`, port: 40_000 },
    conn: { port: 443, protocol: 'https' },
    tls: { sni: host, version: 'TLSv1.3' },
    http: { method: 'GET', scheme: 'https', host, path: '/api/v2/items/17?full=1', headers },
    route: { name: 'web' },
  }),
);
const queries: IFactsInput[] = ['www.example.com', 'a.b.example.org'].map((qname, at) => ({
  client: { ip: `192.0.2.${at + 1}`, port: 40_000 },
  dns: { qname, qtype: 'A', do: false, rd: true },
}));

/** Decides about one event after the other; the facts are filled beforehand, as their source fills them anyway. */
function decisions(inputs: readonly IFactsInput[], indexed: boolean): () => void {
  const set = new RuleSet(makeRules(), { indexed });
  const facts = inputs.map((input) => factsOf(input, set));
  return () => {
    for (let turn = 0; turn < BATCH; turn += 1) set.judge(facts[turn % facts.length]!);
  };
}

/** The whole path of a query that is answered from a prebuilt image, without the socket. */
function dnsQueries(withRules: boolean): () => void {
  const server = new DnsServer({ manualUdpMode: true, authoritativeZones: ['example.com'] });
  server.registerHandler(
    '*.example.com',
    ['A'],
    ({ name }) => ({ name, type: 'A', class: 'IN', ttl: 60, data: '192.0.2.1' }),
    {
      cache: {},
    },
  );
  if (withRules) server.setPolicy(new DnsRules(new RuleSet(makeRules()), null));
  const question = [...'www.example.com'.split('.'), ''].flatMap((label) => [label.length, ...Buffer.from(label)]);
  const packet = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...question, 0, 1, 0, 1]);
  return () => {
    for (let turn = 0; turn < BATCH; turn += 1) server.processRawDnsPacket(packet, { clientIp: '192.0.2.1' });
  };
}

const tasks: Record<string, () => () => void> = {
  'request': () => decisions(requests, true),
  'request-unindexed': () => decisions(requests, false),
  'query': () => decisions(queries, true),
  'dns-plain': () => dnsQueries(false),
  'dns-rules': () => dnsQueries(true),
};

function measure(work: () => void, length: number): number {
  const endMs = performance.now() + length * 1_000;
  const before = process.cpuUsage();
  let done = 0;
  while (performance.now() < endMs) {
    work();
    done += BATCH;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * NS_PER_MICRO) / done;
}

const work = tasks[task]!();
measure(work, WARM_UP_SECONDS);
process.stdout.write(JSON.stringify({ ns: measure(work, Number(seconds)) }));
