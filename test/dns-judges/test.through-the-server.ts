/** delv, dig, kdig, drill and dnsviz accept what the whole server answers: every algorithm, every kind of denial. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DnsLedger } from '../laws/dns.ts';
import { askDelv, askDnsviz, askDrill, missing, withoutDnsviz, type ICase } from './judges.ts';
import { algorithms, denials, each, nameOf, questions, startJudged, verdict, type IJudged } from './zones.ts';

const origins = algorithms.flatMap((algorithm) => denials.map((denial) => `${algorithm}-${denial}.test`.toLowerCase()));
let judged: IJudged;
let ledger: DnsLedger;

before(async () => {
  judged = await startJudged();
  ledger = new DnsLedger(judged.server);
});

after(async () => {
  await judged.stop();
  ledger.assertLaws();
});

function caseOf(origin: string): ICase {
  const { port, anchors, folder } = judged;
  return { origin, port, anchors, folder, keyFile: judged.keyFile(origin) };
}

test('delv validates every answer', { skip: missing('delv', '-v') }, async () => {
  const jobs = origins.flatMap((origin) => questions.map(([prefix, type]) => ({ origin, prefix, type })));
  await each(jobs, async ({ origin, prefix, type }) => {
    const { accepted, said } = await askDelv(caseOf(origin), prefix, type);
    assert.ok(accepted, `${nameOf(prefix, origin)} ${type}: ${said}`);
  });
});

for (const tool of ['dig', 'kdig']) {
  test(`${tool} reads every answer without complaint`, { skip: missing(tool, '-v') }, async () => {
    const jobs = origins.flatMap((origin) => questions.map(([prefix, type]) => ({ origin, prefix, type })));
    await each(jobs, async ({ origin, prefix, type }) => {
      const name = nameOf(prefix, origin);
      const options = ['@127.0.0.1', '-p', String(judged.port), '+norec', '+dnssec', name, type];
      // Large RSA proofs are cut short over UDP and asked again over TCP, which kdig words as a warning.
      const said = (await verdict(tool, options)).replace(/^;; WARNING: truncated reply.*$/m, '');
      assert.match(said, /status: (?:NOERROR|NXDOMAIN)/, said);
      assert.match(said, /RRSIG/, said);
      assert.doesNotMatch(said, /malformed|Warning|WARNING|ERROR:|timed out|unexpected/, said);
    });
  });
}

test('drill chases signatures to the trust anchor', { skip: missing('drill', '-v') }, async () => {
  const jobs = origins.flatMap((origin) =>
    (['www A', 'nope A', 'www MX', 'x.wild A', 'x.wild MX'] as const).map((asked) => ({ origin, asked })),
  );
  await each(jobs, async ({ origin, asked }) => {
    const [prefix, type] = asked.split(' ') as [string, string];
    const { accepted, said } = await askDrill(caseOf(origin), prefix, type);
    assert.ok(accepted, `${asked} in ${origin}: ${said}`);
  });
});

for (const origin of origins) {
  test(`dnsviz finds ${origin} secure, without error`, { skip: withoutDnsviz }, async () => {
    const { accepted, said } = await askDnsviz(caseOf(origin), ['@', 'www', 'nope', 'x.wild', 'alias', 'b.ent']);
    assert.ok(accepted, said);
  });
}

test('named-checkzone accepts every exported zone', { skip: missing('named-checkzone', '-v') }, () => {
  for (const origin of origins) {
    const file = join(judged.folder, `${origin}.zone`);
    writeFileSync(file, judged.server.zones.get(origin)!.toText());
    const run = spawnSync('named-checkzone', ['-i', 'local', origin, file], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^OK$/m);
  }
});
