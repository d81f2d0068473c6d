import { DnsServer } from '@dcrouter/smartdns/server';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toolVersion } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';
import { DnsLedger } from '../laws/dns.ts';
import { outputOf } from './tools.ts';

const QUERIES = 20_000;
const missing = toolVersion('dnsperf', ['-h']) === undefined ? 'dnsperf is not installed' : false;

/** One query in ten asks for a name that does not exist, two for a type that the name does not have. */
function queries(): string {
  const lines = Array.from({ length: QUERIES }, (_, index) => {
    if (index % 10 === 0) return `none${index}.missing.load.test A`;
    return `h${index % 50}.load.test ${index % 10 < 3 ? 'TXT' : 'A'}`;
  });
  return `${lines.join('\n')}\n`;
}

test('dnsperf through the server: the counters equal its totals', { skip: missing }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'load-dns-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'queries');
  writeFileSync(file, queries());
  const [port, httpsPort] = (await freePorts(2)) as [number, number];
  const server = new DnsServer({
    httpsKey: '',
    httpsCert: '',
    httpsPort,
    udpPort: port,
    udpBindInterface: '127.0.0.1',
    dnssecZone: 'load.test',
  });
  for (let index = 0; index < 50; index += 1) {
    server.registerHandler(`h${index}.load.test`, ['A'], ({ name }) => ({
      name,
      type: 'A',
      class: 'IN',
      ttl: 60,
      data: '192.0.2.1',
    }));
  }
  const ledger = new DnsLedger(server);
  await server.start();
  t.after(() => server.stop());
  const output = await outputOf('dnsperf', ['-s', '127.0.0.1', '-p', String(port), '-d', file, '-n', '1', '-c', '4']);
  const count = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);
  const sent = count(/Queries sent:\s+(\d+)/);
  assert.equal(sent, QUERIES, output);
  assert.equal(count(/Queries completed:\s+(\d+)/), sent, output);
  assert.equal(count(/Queries lost:\s+(\d+)/), 0, output);
  assert.equal(server.stats.getTotalQueries(), sent);
  const codes = server.stats.getResponseCodeBreakdown();
  const answeredCodes = count(/NOERROR (\d+) \(/) + count(/NXDOMAIN (\d+) \(/);
  assert.equal(answeredCodes, sent, `dnsperf saw nothing but these two codes\n${output}`);
  for (const code of ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED']) {
    assert.equal(codes[code] ?? 0, count(new RegExp(`${code} (\\d+) \\(`)), `${code}\n${output}`);
  }
  const types = server.stats.getQueryTypeBreakdown();
  assert.equal(types['TXT'], (QUERIES / 10) * 2);
  assert.equal(types['A'], QUERIES - (QUERIES / 10) * 2);
  assert.equal(server.stats.getTransportBreakdown()['udp'], sent);
  const totals = server.stats.getTotals();
  assert.equal(totals.received, sent);
  assert.equal(totals.answered, sent);
  // dnsperf prints averages of bytes, rounded down to whole bytes.
  assert.equal(Math.floor(totals.bytesIn / sent), count(/Average packet size:\s+request (\d+)/), output);
  assert.equal(Math.floor(totals.bytesOut / sent), count(/Average packet size:.*response (\d+)/), output);
  ledger.assertLaws();
});
