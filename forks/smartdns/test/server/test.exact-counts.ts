import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { record, startServer } from './start.ts';

const run = promisify(execFile);
const skip = spawnSync('dnsperf', ['-h']).error === undefined ? false : 'dnsperf is not installed';
const perName = 2_000;

test('the counters are those of dnsperf, by transport, type and rcode', { skip }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'dns-counts-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const { server, port } = await startServer(context, {}, (dns) => {
    dns.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
    dns.registerHandler('slow.example.test', ['A'], async (question) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return record(question.name, 'A', '192.0.2.1');
    });
  });
  const lines = ['www.example.test A', 'www.example.test TXT', 'nope.example.test A', 'slow.example.test A'];
  const file = join(folder, 'queries');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const totals = { sent: 0, completed: 0 };
  for (const mode of ['udp', 'tcp']) {
    // -n: that many times through the file, then the end.
    const args = [
      '-s',
      '127.0.0.1',
      '-p',
      String(port),
      '-d',
      file,
      '-n',
      String(perName),
      '-q',
      '50',
      '-m',
      mode,
      '-t',
      '5',
    ];
    const { stdout } = await run('dnsperf', args, { timeout: 60_000 });
    totals.sent += Number(/Queries sent:\s+(\d+)/.exec(stdout)?.[1]);
    totals.completed += Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1]);
    const codes = /Response codes:\s+(.*)/.exec(stdout)?.[1] ?? '';
    assert.match(codes, new RegExp(`NOERROR ${perName * 3} .*NXDOMAIN ${perName} `), mode);
  }
  const { received, answered, dropped } = server.stats.getTotals();
  assert.deepEqual({ received, answered, dropped }, { received: totals.sent, answered: totals.completed, dropped: 0 });
  assert.deepEqual(server.stats.getTransportBreakdown(), { udp: perName * 4, tcp: perName * 4, tls: 0, https: 0 });
  assert.deepEqual(server.stats.getQueryTypeBreakdown(), { A: perName * 6, TXT: perName * 2 });
  assert.deepEqual(server.stats.getResponseCodeBreakdown(), { NOERROR: perName * 6, NXDOMAIN: perName * 2 });
  const top = server.stats.getTopDomains(1)[0]!;
  assert.deepEqual([top.domain, top.count], ['www.example.test', perName * 4]);
});
