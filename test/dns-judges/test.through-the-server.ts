/** delv, dig, kdig, drill and dnsviz accept what the whole server answers: every algorithm, every kind of denial. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { toolVersion } from '../helpers/child.ts';
import { DnsLedger } from '../laws/dns.ts';
import { algorithms, denials, each, nameOf, questions, startJudged, verdict, type IJudged } from './zones.ts';

const missing = (tool: string, argument: string): string | false =>
  toolVersion(tool, [argument]) === undefined ? `${tool} is not installed` : false;
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

test('delv validates every answer', { skip: missing('delv', '-v') }, async () => {
  const jobs = origins.flatMap((origin) => questions.map(([prefix, type]) => ({ origin, prefix, type })));
  await each(jobs, async ({ origin, prefix, type }) => {
    const name = nameOf(prefix, origin);
    const options = ['@127.0.0.1', '-p', String(judged.port), '-a', judged.anchors, `+root=${origin}`, name, type];
    assert.match(await verdict('delv', options), /fully validated/, `${name} ${type}`);
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
    (['www A', 'nope A', 'www MX', 'x.wild A'] as const).map((asked) => ({ origin, asked })),
  );
  await each(jobs, async ({ origin, asked }) => {
    const [prefix, type] = asked.split(' ') as [string, string];
    // By TCP: drill takes a truncated answer for a whole one while it chases.
    const options = ['-t', '-S', '-k', judged.keyFile(origin), '-p', String(judged.port), '@127.0.0.1'];
    const said = await verdict('drill', [...options, nameOf(prefix, origin), type]);
    assert.match(said, /Chase successful/, `${asked} in ${origin}: ${said}`);
  });
});

/** Debian's dnsviz asks its graph library for a module that newer ones lack; this gives it one. */
const grok = `
import sys, types, pygraphviz
if not hasattr(pygraphviz, 'release'):
    release = types.ModuleType('pygraphviz.release')
    release.version = pygraphviz.__version__
    pygraphviz.release = release
    sys.modules['pygraphviz.release'] = release
from dnsviz.commands import grok
grok.main(['grok', *sys.argv[1:]])
`;
const python = '/usr/bin/python3';
const hasDnsviz = spawnSync(python, ['-c', 'import pygraphviz, dnsviz.commands.grok']).status === 0;
const withoutDnsviz = hasDnsviz ? false : 'dnsviz or python3-pygraphviz is not installed';

for (const origin of origins) {
  test(`dnsviz finds ${origin} secure, without error`, { skip: withoutDnsviz }, async () => {
    const report = join(judged.folder, `${origin}.json`);
    const names = ['@', 'www', 'nope', 'x.wild', 'alias', 'b.ent'].map((prefix) => nameOf(prefix, origin));
    const server = `${origin}+:ns1.${origin}=127.0.0.1:${judged.port}`;
    await verdict('dnsviz', ['probe', '-A', '-x', server, '-R', 'A,NS,SOA,TXT', '-o', report, ...names]);
    const options = ['-c', grok, '-t', judged.keyFile(origin), '-r', report];
    assert.equal((await verdict(python, [...options, '-l', 'warning'])).trim(), '');
    const full = await verdict(python, [...options, '-l', 'info']);
    assert.match(full, /"status": "SECURE"/);
    assert.doesNotMatch(full, /"(?:BOGUS|INVALID|EXPIRED|INSECURE)"/);
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
