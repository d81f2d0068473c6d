/**
 * delv, drill and dnsviz accept our answers under a trust anchor: every algorithm, every kind of denial, positive,
 * wildcard, alias, NODATA, NXDOMAIN and delegation answers.
 */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatRecordData } from '#wire';
import { signingAlgorithms } from '../../ts_server/dnssec/index.ts';
import type { TDenial } from '../../ts_server/dnssec/index.ts';
import { Authority } from './support/authority.ts';
import { makeSignedZone, questions } from './support/zones.ts';

const run = promisify(execFile);
const authority = new Authority();
const folder = mkdtempSync(join(tmpdir(), 'dcrouter-delv-'));
const anchors = join(folder, 'anchors.conf');
const denials: readonly TDenial[] = ['nsec', 'nsec3', 'compact'];
const zones = signingAlgorithms.flatMap((algorithm) =>
  denials.map((denial) => ({ algorithm, denial, origin: `${algorithm}-${denial}.test`.toLowerCase() })),
);

function missing(tool: string, argument: string): string | false {
  return spawnSync(tool, [argument]).error === undefined ? false : `${tool} is not installed`;
}

before(async () => {
  await authority.listen();
  let trusted = 'trust-anchors {\n';
  for (const { algorithm, denial, origin } of zones) {
    const scheme = denial === 'nsec' ? 'ksk-zsk' : 'csk';
    const { zone, signer } = await makeSignedZone({ origin, algorithm, denial, scheme });
    authority.add(zone, signer);
    const key = signer.keys.keySigners[0]!.dnskey();
    const publicKey = (key.publicKey as Buffer).toString('base64');
    trusted += `"${origin}." static-key ${key.flags} 3 ${key.algorithm} "${publicKey}";\n`;
    writeFileSync(join(folder, `${origin}.key`), `${origin}. IN DNSKEY ${formatRecordData('DNSKEY', key)}\n`);
  }
  writeFileSync(anchors, `${trusted}};\n`);
});

after(async () => {
  await authority.close();
  rmSync(folder, { recursive: true });
});

function nameOf(prefix: string, origin: string): string {
  return prefix === '@' ? origin : `${prefix}.${origin}`;
}

/** Runs the jobs, a few at a time: each is a process. */
async function each<T>(jobs: readonly T[], act: (job: T) => Promise<void>): Promise<void> {
  const queue = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await act(job);
  };
  await Promise.all([work(), work(), work(), work()]);
}

for (const { origin } of zones) {
  test(`delv validates every answer of ${origin}`, { skip: missing('delv', '-v') }, async () => {
    await each(questions, async ([prefix, type]) => {
      const name = nameOf(prefix, origin);
      const options = ['@127.0.0.1', '-p', String(authority.port), '-a', anchors, `+root=${origin}`, name, type];
      const { stdout, stderr } = await run('delv', options, { timeout: 20_000 }).catch(
        (error: unknown) => error as { stdout: string; stderr: string },
      );
      assert.match(stdout + stderr, /fully validated/, `${name} ${type}: ${stdout}${stderr}`);
    });
    assert.deepEqual(authority.failures, []);
  });
}

test('drill chases signatures to the trust anchor', { skip: missing('drill', '-v') }, async () => {
  const asked: ReadonlyArray<readonly [string, string]> = [
    ['www', 'A'],
    ['nope', 'A'],
    ['www', 'MX'],
    ['foo.wild', 'A'],
  ];
  const jobs = zones.flatMap(({ origin }) => asked.map(([prefix, type]) => ({ origin, prefix, type })));
  await each(jobs, async ({ origin, prefix, type }) => {
    const key = join(folder, `${origin}.key`);
    const name = nameOf(prefix, origin);
    // By TCP: drill takes a truncated answer for a whole one while it chases.
    const options = ['-t', '-S', '-k', key, '-p', String(authority.port), '@127.0.0.1', name, type];
    const { stdout } = await run('drill', options, { timeout: 20_000 });
    assert.match(stdout, /Chase successful/, `${name} ${type}: ${stdout}`);
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
grok.main(sys.argv[1:])
`;
const python = '/usr/bin/python3';
const hasDnsviz = spawnSync(python, ['-c', 'import pygraphviz, dnsviz.commands.grok']).status === 0;
const withoutDnsviz = hasDnsviz ? false : 'dnsviz or python3-pygraphviz is not installed';

for (const { origin } of zones.filter(({ algorithm }) => algorithm === 'ECDSAP256SHA256')) {
  test(`dnsviz finds ${origin} secure and has nothing to warn of`, { skip: withoutDnsviz }, async () => {
    const report = join(folder, `${origin}.json`);
    const names = ['@', 'www', 'nope', 'foo.wild', 'alias', 'b.ent'].map((prefix) => nameOf(prefix, origin));
    const server = `${origin}+:ns1.${origin}=127.0.0.1:${authority.port}`;
    const probe = ['probe', '-A', '-x', server, '-R', 'A,NS,SOA,TXT', '-o', report, ...names];
    await run('dnsviz', probe, { timeout: 60_000 });
    const options = ['grok', '-t', join(folder, `${origin}.key`), '-r', report];
    const warnings = await run(python, ['-c', grok, ...options, '-l', 'warning']);
    assert.equal(warnings.stdout.trim(), '');
    const full = await run(python, ['-c', grok, ...options, '-l', 'info'], { maxBuffer: 64 * 1024 * 1024 });
    assert.match(full.stdout, /"status": "SECURE"/);
    assert.doesNotMatch(full.stdout, /"(?:BOGUS|INVALID|EXPIRED|INSECURE)"/);
  });
}
