/** The judges reject what is broken: each flaw is the whole server's zone with one thing wrong, next to a sound one. */
import { DnsServer, type IDnssecOptions } from '@dcrouter/smartdns/server';
import {
  formatRecordData,
  type IDnskeyData,
  type IDnsMessage,
  type IDsData,
  type IResourceRecord,
  type IRrsigData,
} from '@dcrouter/smartdns/wire';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Forger } from './forger.ts';
import { askDelv, askDnsviz, askDrill, missing, withoutDnsviz, type ICase } from './judges.ts';
import { zoneText } from './zones.ts';

const monthMs = 30 * 86_400_000;

interface IFlaw {
  readonly signing?: IDnssecOptions;
  /** Trust the DS in place of the key. */
  readonly byDs?: boolean;
  readonly breakAnchor?: boolean;
  /** Changes answers behind the signer's back. */
  readonly forge?: (answer: IDnsMessage) => void;
  /** Asked in place of `www`. */
  readonly name?: string;
}

const cases: Readonly<Record<string, IFlaw>> = {
  'sound': {},
  'sound-ds': { byDs: true },
  'wrong-key': { breakAnchor: true },
  'wrong-ds': { byDs: true, breakAnchor: true },
  'expired': { signing: { nowMs: () => Date.now() - monthMs } },
  'not-yet': { signing: { nowMs: () => Date.now() + monthMs } },
  'forged-data': {
    forge: ({ answers }) => {
      for (const record of answers) if (record.type === 'A') record.data = '192.0.2.99';
    },
  },
  'sound-denial': { name: 'nope' },
  'forged-denial': {
    name: 'nope',
    forge: (answer) => {
      if (answer.rcode === 3) answer.authorities = answer.authorities.filter(isNoNsec);
    },
  },
};
const isNoNsec = ({ type, data }: IResourceRecord): boolean =>
  type !== 'NSEC' && (data as Partial<IRrsigData>).typeCovered !== 'NSEC';
const isSound = (name: string): boolean => name.startsWith('sound');

const folder = mkdtempSync(join(tmpdir(), 'dns-awake-'));
const server = new DnsServer({ udpPort: 0, bindInterface: '127.0.0.1', dnssecZone: '' });
const forgers: Forger[] = [];
const judged = new Map<string, ICase>();

before(async () => {
  await server.start();
  for (const [name, flaw] of Object.entries(cases)) {
    const origin = `${name}.test`;
    server.zones.load(zoneText, { origin });
    const signer = await server.zones.sign(origin, { algorithm: 'ECDSAP256SHA256', denial: 'nsec', ...flaw.signing });
    const key = signer.keys.keySigners[0]!.dnskey();
    const ds = signer.ds()[0]!;
    if (flaw.breakAnchor === true) {
      // A key and a digest of the right form that are not the zone's; the tag stays, so that nothing else can differ.
      swapHalves((flaw.byDs === true ? ds.digest : key.publicKey) as Buffer);
    }
    const anchors = join(folder, `${name}.conf`);
    writeFileSync(
      anchors,
      `trust-anchors {\n"${origin}." ${flaw.byDs === true ? anchorDs(ds) : anchorKey(key)};\n};\n`,
    );
    const keyFile = join(folder, `${name}.key`);
    const [type, data] = flaw.byDs === true ? (['DS', ds] as const) : (['DNSKEY', key] as const);
    writeFileSync(keyFile, `${origin}. IN ${type} ${formatRecordData(type, data)}\n`);
    let { port } = server.addresses.udp!;
    if (flaw.forge !== undefined) {
      const forger = new Forger(server, flaw.forge);
      forgers.push(forger);
      port = await forger.listen();
    }
    judged.set(name, { origin, port, anchors, keyFile, folder });
  }
});

after(async () => {
  await server.stop();
  for (const forger of forgers) await forger.close();
  rmSync(folder, { recursive: true });
});

function swapHalves(bytes: Uint8Array): void {
  const half = bytes.slice(0, bytes.length / 2);
  bytes.copyWithin(0, bytes.length / 2);
  bytes.set(half, bytes.length - half.length);
}

const anchorKey = ({ flags, algorithm, publicKey }: IDnskeyData): string =>
  `static-key ${flags} 3 ${algorithm} "${Buffer.from(publicKey).toString('base64')}"`;
const anchorDs = ({ keyTag, algorithm, digestType, digest }: IDsData): string =>
  `static-ds ${keyTag} ${algorithm} ${digestType} "${Buffer.from(digest).toString('hex')}"`;

for (const name of Object.keys(cases)) {
  const expected = isSound(name);
  const asked = cases[name]!.name ?? 'www';
  const title = expected ? `accepts the zone "${name}"` : `rejects the zone "${name}"`;

  test(`delv ${title}`, { skip: missing('delv', '-v') }, async () => {
    const { accepted, said } = await askDelv(judged.get(name)!, asked, 'A');
    assert.equal(accepted, expected, said);
  });

  test(`drill ${title}`, { skip: missing('drill', '-v') }, async () => {
    const { accepted, said } = await askDrill(judged.get(name)!, asked, 'A');
    assert.equal(accepted, expected, said);
  });

  // It trusts keys only.
  if (cases[name]!.byDs === true) continue;
  test(`dnsviz ${title}`, { skip: withoutDnsviz }, async () => {
    const { accepted, said } = await askDnsviz(judged.get(name)!, ['@', asked]);
    assert.equal(accepted, expected, said.slice(0, 4_000));
  });
}
