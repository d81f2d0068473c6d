import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { batchMissing } from './batch.ts';
import { record, startServer } from './start.ts';

const run = promisify(execFile);
const skip = spawnSync('dnsperf', ['-h']).error === undefined ? false : 'dnsperf is not installed';
const perName = 2_000;
const paths = [
  { path: 'plain sockets', udpBatch: false, skip },
  { path: 'batches', udpBatch: true, skip: skip || (await batchMissing()) },
];

/** Runs dnsperf over UDP or TCP and gives its own numbers and its line of response codes. */
async function dnsperf(port: number, file: string, times: number, more: string[]): Promise<IDnsperfSaid> {
  // -n: that many times through the file, then the end.
  const args = ['-s', '127.0.0.1', '-p', String(port), '-d', file, '-n', String(times), ...more];
  const { stdout } = await run('dnsperf', args, { timeout: 60_000 });
  const count = (what: string): number => Number(new RegExp(`Queries ${what}:\\s+(\\d+)`).exec(stdout)?.[1]);
  const codes = /Response codes:\s+(.*)/.exec(stdout)?.[1] ?? '';
  return { sent: count('sent'), completed: count('completed'), lost: count('lost'), codes };
}

interface IDnsperfSaid {
  sent: number;
  completed: number;
  lost: number;
  codes: string;
}

for (const { path, udpBatch, skip } of paths) {
  test(`the counters are those of dnsperf, by transport, type and rcode, with ${path}`, { skip }, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'dns-counts-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const { server, port } = await startServer(context, { udpBatch }, (dns) => {
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
      const { sent, completed, codes } = await dnsperf(port, file, perName, ['-q', '50', '-m', mode, '-t', '5']);
      totals.sent += sent;
      totals.completed += completed;
      assert.match(codes, new RegExp(`NOERROR ${perName * 3} .*NXDOMAIN ${perName} `), mode);
    }
    const { received, answered, dropped } = server.stats.getTotals();
    assert.deepEqual(
      { received, answered, dropped },
      { received: totals.sent, answered: totals.completed, dropped: 0 },
    );
    assert.deepEqual(server.stats.getTransportBreakdown(), { udp: perName * 4, tcp: perName * 4, tls: 0, https: 0 });
    assert.deepEqual(server.stats.getQueryTypeBreakdown(), { A: perName * 6, TXT: perName * 2 });
    assert.deepEqual(server.stats.getResponseCodeBreakdown(), { NOERROR: perName * 6, NXDOMAIN: perName * 2 });
    const top = server.stats.getTopDomains(1)[0]!;
    assert.deepEqual([top.domain, top.count], ['www.example.test', perName * 4]);
  });

  test(
    `with drops and failing handlers the counters are those of dnsperf too, with ${path}`,
    { skip },
    async (context) => {
      const folder = mkdtempSync(join(tmpdir(), 'dns-counts-'));
      context.after(() => rmSync(folder, { recursive: true, force: true }));
      const { server, port } = await startServer(context, { udpBatch }, (dns) => {
        dns.registerHandler('www.example.test', ['A'], (question) => record(question.name, 'A', '192.0.2.1'));
        dns.registerHandler('throws.example.test', ['A'], () => {
          throw new Error('broken on purpose');
        });
        dns.registerHandler('rejects.example.test', ['A'], async () => Promise.reject(new Error('broken on purpose')));
        dns.use((query, next) => {
          if (query.domain === 'dropped.example.test') query.drop();
          else next(() => {});
        });
      });
      const names = [...Array.from({ length: 17 }, () => 'www'), 'throws', 'rejects', 'dropped'];
      const file = join(folder, 'queries');
      writeFileSync(file, names.map((name) => `${name}.example.test A\n`).join(''));
      const times = 200;
      // dnsperf gives up on a dropped query after a second: enough of them may be open to do all drops in one go.
      const said = await dnsperf(port, file, times, ['-q', '250', '-b', '4096', '-t', '1']);
      assert.match(said.codes, new RegExp(`NOERROR ${times * 17} .*SERVFAIL ${times * 2} `));
      assert.deepEqual([said.sent, said.lost], [times * names.length, times]);
      const { received, answered, dropped } = server.stats.getTotals();
      assert.deepEqual(
        { received, answered, dropped },
        { received: said.sent, answered: said.completed, dropped: said.lost },
      );
      assert.equal(server.stats.snapshot().dropsByReason['middleware'], times);
      assert.equal(server.stats.getErrors()['handler'], times * 2);
      assert.deepEqual(server.stats.getResponseCodeBreakdown(), { NOERROR: times * 17, SERVFAIL: times * 2 });
    },
  );
}
