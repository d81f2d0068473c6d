/**
 * Zonemaster's verdict on a zone of ours, tested as delegated from a local root.
 *
 * `node --conditions=dcrouter-source test/dns-judges/zonemaster.ts [--algorithm ED25519] [--denial nsec3]`
 *
 * Zonemaster asks port 53 and calls loopback addresses an error of their own, so all of this runs in a network namespace
 * without a way out (`unshare -rn`), whose loopback interface bears three public-looking addresses. Prints every message
 * of level NOTICE and above; fails on WARNING, ERROR and CRITICAL, when Zonemaster is missing and when it did not get to
 * DNSSEC. `--flaw` breaks the zone: `wrong-ds` gives a DS that matches no key, `expired` signs in the past; such a run
 * has to fail. `--check` does nothing but tell by its exit code whether this machine can make such a namespace.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DnsServer } from '@dcrouter/smartdns/server';

const { values } = parseArgs({
  options: {
    algorithm: { type: 'string', default: 'ECDSAP256SHA256' },
    denial: { type: 'string', default: 'nsec' },
    flaw: { type: 'string', default: 'none' },
    check: { type: 'boolean', default: false },
  },
});
const algorithm = values.algorithm as 'ECDSAP256SHA256' | 'ED25519' | 'RSASHA256';
const denial = values.denial as 'nsec' | 'nsec3' | 'compact';
const origin = 'zone.judged';
const [first, second, rootAddress] = ['45.10.0.53', '77.20.0.53', '91.30.0.53'] as const;
const timeoutMs = 120_000;
const monthMs = 30 * 86_400_000;
const insideMark = 'JUDGE_ZONEMASTER_INSIDE';

if (process.env[insideMark] === undefined) {
  const addresses = [first, second, rootAddress].map((address) => `ip addr add ${address}/32 dev lo`).join(' && ');
  const script = `ip link set lo up && ${addresses} && exec "$0" "$@"`;
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const env = { ...process.env, [insideMark]: '1' };
  const { status, error } = spawnSync('unshare', ['-rn', 'sh', '-c', script, ...self], { stdio: 'inherit', env });
  if (error !== undefined) throw error;
  process.exit(status ?? 1);
}
if (values.check) process.exit(0);

const zone = `$TTL 86400
@ SOA ns1 hostmaster 2026112101 14400 3600 1209600 3600
@ NS ns1
@ NS ns2
ns1 A ${first}
ns2 A ${second}
@ MX 10 mail
@ TXT "v=spf1 mx -all"
mail A 192.0.2.25
www A 192.0.2.1
alias CNAME www
a.b.ent A 192.0.2.3
*.wild A 192.0.2.2
`;
const glue = `ns1.zone.judged. A ${first}\nns2.zone.judged. A ${second}\n`;
const delegation = `zone.judged. NS ns1.zone.judged.\nzone.judged. NS ns2.zone.judged.\n${glue}`;
const rootZone = `$TTL 86400
. SOA a.root-servers.judged. hostmaster.judged. 1 14400 3600 1209600 3600
. NS a.root-servers.judged.
a.root-servers.judged. A ${rootAddress}
53.0.10.45.in-addr.arpa. PTR ns1.zone.judged.
53.0.20.77.in-addr.arpa. PTR ns2.zone.judged.
${delegation}`;

function serverAt(address: string): DnsServer {
  return new DnsServer({ udpPort: 53, bindInterface: address, dnssecZone: '' });
}

const folder = mkdtempSync(join(tmpdir(), 'judge-zonemaster-'));
const servers = [first, second, rootAddress].map((address) => serverAt(address));
let ds = '';
const nowMs = values.flaw === 'expired' ? () => Date.now() - monthMs : Date.now;

for (const server of servers.slice(0, 2)) {
  server.zones.load(zone, { origin });
  const signer = await server.zones.sign(origin, { algorithm, denial, keyFolder: join(folder, 'keys'), nowMs });
  const data = signer.ds()[0]!;
  ds = `${data.keyTag},${data.algorithm},${data.digestType},${Buffer.from(data.digest).toString('hex')}`;
  if (values.flaw === 'wrong-ds') ds = ds.replace(/.{4}$/, '0000');
}
servers[2]!.zones.load(rootZone, { origin: '.' });
for (const server of servers) await server.start();

const hints = join(folder, 'hints');
writeFileSync(hints, `. 3600000 NS a.root-servers.judged.\na.root-servers.judged. 3600000 A ${rootAddress}\n`);
const options = ['--no-ipv6', '--hints', hints, '--level', 'INFO', '--raw', '--show-level', '--show-testcase'];
const delegated = ['--ns', `ns1.${origin}/${first}`, '--ns', `ns2.${origin}/${second}`, '--ds', ds];
const text = await new Promise<string>((resolve, reject) => {
  execFile('zonemaster-cli', [...options, ...delegated, origin], { timeout: timeoutMs }, (error, out, err) =>
    error !== null && out === '' ? reject(new Error(err || error.message, { cause: error })) : resolve(out + err),
  );
});
for (const server of servers) await server.stop();
rmSync(folder, { recursive: true });

const lines = text.split('\n').map((line) => line.trim());
const atLevel = (pattern: RegExp): string[] => lines.filter((line) => pattern.test(line));
const failures = atLevel(/^[\d.]+\s+(?:ERROR|CRITICAL)\s/);
const warnings = atLevel(/^[\d.]+\s+WARNING\s/);
const dnssec = atLevel(/^[\d.]+\s+\w+\s+DNSSEC\d+\s/);
console.log(
  `${algorithm}, ${denial}: ${failures.length} errors, ${warnings.length} warnings, ${dnssec.length} about DNSSEC`,
);
console.log(atLevel(/^[\d.]+\s+(?:NOTICE|WARNING|ERROR|CRITICAL)\s/).join('\n'));
if (failures.length + warnings.length > 0 || dnssec.length === 0) process.exitCode = 1;
