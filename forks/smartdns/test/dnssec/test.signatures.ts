/** Signatures, proofs and digests byte by byte: published examples, an independent check, caching, expiry. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { JsonWebKeyInput } from 'node:crypto';
import {
  compareNames,
  encodeRecordData,
  formatBase32,
  nameToCanonicalWire,
  parseRecord,
  parseRecordData,
  rcodes,
} from '#wire';
import type { IDnskeyData, INsec3Data, INsecData, IResourceRecord, IRrsigData } from '#wire';
import { nextName } from '../../ts_server/dnssec/compact.ts';
import { ZoneSigner, keyTagOf, nsec3Hash, signingAlgorithms } from '../../ts_server/dnssec/index.ts';
import { Zone } from '../../ts_server/zone/index.ts';
import { Random } from '../wire/support/random.ts';
import { randomName } from '../wire/support/records.ts';
import { makeSignedZone } from './support/zones.ts';

test('key tag and DS digests are those of the published examples (RFC 4034 §5.4, RFC 4509 §2.3)', () => {
  const text =
    '256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxeg' +
    'XdXfHVTa/L4UJd2BAsFbDoFc1sc1d6JrYz6pZyuQd2RIQ5vGfYv1zfPPLpDTT3i3jWcYXgTAG1rw==';
  // The example's key as printed in the RFC ends differently by line; its tag tells whether it was read right.
  const rfc =
    'AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/ 2pHm822aJ5iI9BMzNXxeYCmZ DRD99WYwYqUSdjMmmAphXdvx egXd/M5+X7OrzKBa' +
    'MbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc nOf+EPbtG9DMBmADjFDc2w/r ljwvFw==';
  assert.notEqual(text, rfc);
  const rdata = encodeRecordData('DNSKEY', parseRecordData('DNSKEY', `256 3 5 ${rfc}`));
  assert.equal(keyTagOf(rdata), 60_485);
  const digest = (name: string): string =>
    createHash(name).update(nameToCanonicalWire('dskey.example.com')).update(rdata).digest('hex').toUpperCase();
  assert.equal(digest('sha1'), '2BB183AF5F22588179A53B0A98631FAD1A292118');
  assert.equal(digest('sha256'), 'D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A');
});

test('NSEC3 hashes are those of RFC 5155 appendix A', () => {
  const salt = Buffer.from('aabbccdd', 'hex');
  const hashes: Readonly<Record<string, string>> = {
    'example': '0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM',
    'a.example': '35MTHGPGCU1QG68FAB165KLNSNK3DPVL',
    'ns1.EXAMPLE': '2T7B4G4VSA5SMI47K61MV5BV1A22BOJR',
    '*.w.example': 'R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN',
  };
  for (const [name, hash] of Object.entries(hashes)) assert.equal(formatBase32(nsec3Hash(name, salt, 12)), hash);
});

/** A public key of Node's from DNSKEY data, by another way than the signer's. */
function publicKeyOf(data: IDnskeyData): ReturnType<typeof createPublicKey> {
  const bytes = data.publicKey as Buffer;
  const text = (from: number, to?: number): string => bytes.subarray(from, to).toString('base64url');
  const keys: Readonly<Record<number, JsonWebKeyInput['key']>> = {
    8: { kty: 'RSA', e: text(1, 1 + bytes[0]!), n: text(1 + bytes[0]!) },
    13: { kty: 'EC', crv: 'P-256', x: text(0, 32), y: text(32, 64) },
    15: { kty: 'OKP', crv: 'Ed25519', x: text(0) },
  };
  return createPublicKey({ key: keys[data.algorithm]!, format: 'jwk' });
}

for (const algorithm of signingAlgorithms) {
  test(`${algorithm} signatures cover exactly what RFC 4034 §3.1.8.1 says`, async () => {
    const signer = await ZoneSigner.open({ origin: 'Example.test', algorithm });
    const records = ['20 B.example.TEST.', '10 a.Example.test.', '20 b.example.test.'].map((text) =>
      parseRecord(`WWW.example.test. 300 MX ${text}`),
    );
    const [signature, ...more] = signer.signRrset(records);
    assert.equal(more.length, 0);
    const data = signature!.data as IRrsigData;
    assert.equal((data.signature as Buffer).length, algorithm === 'RSASHA256' ? 256 : 64);
    assert.deepEqual([data.labels, data.originalTtl, data.signerName], [3, 300, 'example.test']);
    const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
    const owner = hex('03 777777 07 6578616d706c65 04 74657374 00');
    const record = (preference: string, label: string): Buffer[] => [
      owner,
      hex('000f 0001 0000012c 0012'),
      hex(`${preference} 01 ${label} 07 6578616d706c65 04 74657374 00`),
    ];
    const head = encodeRecordData('RRSIG', { ...data, signature: Buffer.alloc(0) });
    // Sorted by data, the duplicate left out, names in lower case.
    const covered = Buffer.concat([head, ...record('000a', '61'), ...record('0014', '62')]);
    const key = publicKeyOf(signer.keys.shown[0]!.dnskey());
    const options = algorithm === 'ECDSAP256SHA256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
    const hash = algorithm === 'ED25519' ? null : 'sha256';
    assert.ok(verify(hash, covered, options, data.signature as Buffer));
    assert.ok(!verify(hash, Buffer.concat([covered, Buffer.of(0)]), options, data.signature as Buffer));
  });
}

test('signatures are made once, and again before they expire or when keys change', async () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const signer = await ZoneSigner.open({ origin: 'a.test', nowMs: () => nowMs, dnskeyTtlSeconds: 60 });
  const records = [parseRecord('www.a.test. 300 A 192.0.2.1')];
  const made = (): number => signer.getStats().signaturesMade;
  const first = signer.signRrset(records)[0]!.data as IRrsigData;
  signer.signRrset([{ ...records[0]! }]);
  assert.equal(made(), 1);
  assert.equal(first.inception, nowMs / 1000 - 3_600);
  const validity = first.expiration - nowMs / 1000;
  assert.ok(validity > 12 * 86_400 && validity <= 14 * 86_400);
  nowMs += 5 * 86_400_000;
  signer.signRrset(records);
  assert.equal(made(), 1);
  nowMs += 2.5 * 86_400_000;
  signer.signRrset(records);
  assert.equal(made(), 2, 'half of its time is over');
  signer.signRrset([{ ...records[0]!, ttl: 301 }]);
  assert.equal(made(), 3, 'the TTL is part of what is signed');
  await signer.roll('csk');
  signer.signRrset(records);
  assert.equal(made(), 4);
});

test('the signature cache is bounded and counts', async () => {
  const signer = await ZoneSigner.open({ origin: 'a.test', algorithm: 'ED25519', signatures: { cacheEntries: 10 } });
  for (let index = 0; index < 25; index++) signer.signRrset([parseRecord(`n${index}.a.test. 1 A 192.0.2.1`)]);
  signer.signRrset([parseRecord('n24.a.test. 1 A 192.0.2.1')]);
  const { cacheSize, cacheEvicted, cacheHits, cacheMisses } = signer.getStats();
  assert.deepEqual([cacheSize, cacheEvicted, cacheHits, cacheMisses], [10, 15, 1, 25]);
});

test('only what is ours is signed', async () => {
  const { zone, signer } = await makeSignedZone({ origin: 'ours.test', denial: 'nsec' });
  const sign = (name: string, type: string): IResourceRecord[][] => {
    const found = zone.lookup(name, type);
    signer.signResponse(found, { qname: name, qtype: type, steps: found.steps });
    return [found.answers, found.authorities, found.additionals];
  };
  const covered = (records: readonly IResourceRecord[]): string[] =>
    records.filter((record) => record.type === 'RRSIG').map((record) => (record.data as IRrsigData).typeCovered);
  const [, authority, glue] = sign('x.insecure.ours.test', 'A');
  assert.deepEqual(covered(authority!), ['NSEC'], 'NS of a delegation is the child’s');
  assert.deepEqual(covered(glue!), []);
  const [, secure] = sign('x.secure.ours.test', 'A');
  assert.deepEqual(covered(secure!), ['DS']);
  const [rewritten] = sign('x.dn.ours.test', 'A');
  assert.deepEqual(covered(rewritten!), ['DNAME', 'A'], 'the made-up CNAME is proven by the DNAME');
  const [alias] = sign('out.ours.test', 'A');
  assert.deepEqual(covered(alias!), ['CNAME']);
  const [wild, proof] = sign('foo.wild.ours.test', 'A');
  assert.equal((wild!.at(-1)!.data as IRrsigData).labels, 3);
  assert.equal(wild!.at(-1)!.name, 'foo.wild.ours.test');
  assert.deepEqual(covered(proof!), ['NSEC']);
});

test('questions for NSEC and RRSIG are answered', async () => {
  const { zone, signer } = await makeSignedZone({ origin: 'ours.test', denial: 'nsec' });
  const found = zone.lookup('www.ours.test', 'NSEC');
  signer.signResponse(found, { qname: 'www.ours.test', qtype: 'NSEC', steps: found.steps });
  assert.deepEqual(
    found.answers.map((record) => record.type),
    ['NSEC', 'RRSIG'],
  );
  assert.deepEqual((found.answers[0]!.data as INsecData).types, ['A', 'RRSIG', 'NSEC']);
  const signatures = zone.lookup('www.ours.test', 'RRSIG');
  signer.signResponse(signatures, { qname: 'www.ours.test', qtype: 'RRSIG', steps: signatures.steps });
  assert.deepEqual(
    signatures.answers.map((record) => (record.data as IRrsigData).typeCovered),
    ['A'],
  );
});

test('compact denial needs no zone, and says NXDOMAIN only to those who ask for it (RFC 9824)', async () => {
  const signer = await ZoneSigner.open({ origin: 'h.test' });
  const soa = parseRecord('h.test. 300 SOA ns1.h.test. host.h.test. 1 3600 600 604800 300');
  const deny = (qname: string, kind: 'nxdomain' | 'nodata', types?: string[], compactOk = false) => {
    const rcode = kind === 'nxdomain' ? rcodes.NXDOMAIN : rcodes.NOERROR;
    const response = { rcode, answers: [], authorities: [soa], additionals: [] as IResourceRecord[] };
    const outcome = signer.signResponse(response, { qname, qtype: 'A', kind, types, compactOk });
    assert.ok(outcome.signed);
    const nsec = response.authorities.find((record: IResourceRecord) => record.type === 'NSEC')!;
    return { rcode: response.rcode, owner: nsec.name, ...(nsec.data as INsecData) };
  };
  assert.deepEqual(deny('Nope.h.test', 'nxdomain'), {
    rcode: 0,
    owner: 'nope.h.test',
    nextDomain: '\\000.nope.h.test',
    types: ['RRSIG', 'NSEC', 'NXNAME'],
  });
  assert.equal(deny('nope.h.test', 'nxdomain', [], true).rcode, 3);
  assert.deepEqual(deny('www.h.test', 'nodata', ['AAAA', 'A', 'TXT']).types, ['TXT', 'AAAA', 'RRSIG', 'NSEC']);
  assert.deepEqual(deny('h.test', 'nodata').types, ['NS', 'SOA', 'RRSIG', 'NSEC', 'DNSKEY', 'CDS', 'CDNSKEY']);
});

test('the next name comes right after, stays in the zone and fits on the wire', () => {
  const random = new Random(3);
  for (let round = 0; round < 500; round++) {
    const name = randomName(random);
    const next = nextName(name, '.');
    assert.ok(compareNames(next, name) > 0, `${next} after ${name}`);
  }
  const label = (letter: string): string => letter.repeat(63);
  const long = [label('a'), label('b'), label('c'), 'd'.repeat(61)].join('.');
  assert.equal(nameToCanonicalWire(long).length, 255);
  const next = nextName(long, '.');
  assert.ok(compareNames(next, long) > 0);
  assert.ok(nameToCanonicalWire(next).length <= 255);
  const high = `${'\\255'.repeat(63)}.${[label('b'), label('c'), 'd'.repeat(61)].join('.')}`;
  assert.equal(nextName(high, '.'), [`${'b'.repeat(62)}c`, label('c'), 'd'.repeat(61)].join('.'));
  const apex = [label('b'), label('c'), 'd'.repeat(61)].join('.');
  assert.equal(nextName(`${'\\255'.repeat(63)}.${apex}`, apex), apex);
  assert.ok(compareNames(nextName(`${'@'.repeat(63)}.${apex}`, apex), `${'@'.repeat(62)}z.${apex}`) < 0);
});

test('a chain follows the changes of its zone', async () => {
  const zone = new Zone({ origin: 'c.test', nameservers: ['ns.other.test'] });
  const signer = await ZoneSigner.open({ origin: 'c.test', zone, denial: 'nsec' });
  const chain = (): string[] =>
    signer
      .signedZone()
      .filter((record) => record.type === 'NSEC')
      .map((record) => `${record.name} ${(record.data as INsecData).nextDomain}`);
  assert.deepEqual(chain(), ['c.test c.test']);
  zone.addRecord({ name: 'b.x.c.test', type: 'A', data: '192.0.2.1' });
  assert.deepEqual(chain(), ['c.test b.x.c.test', 'b.x.c.test c.test'], 'no record for the empty name between');
  zone.addRecord({ name: 'x.c.test', type: 'NS', data: 'ns.b.x.c.test' });
  assert.deepEqual(chain(), ['c.test x.c.test', 'x.c.test c.test'], 'glue is not in the chain');
});

test('a zone that is no longer signed loses what signing kept in it', async () => {
  const { zone, signer } = await makeSignedZone({ origin: 'ours.test', denial: 'nsec3' });
  const { serial } = zone;
  assert.equal(zone.lookup('ours.test', 'DNSKEY').kind, 'answer');
  signer.detach();
  for (const type of ['DNSKEY', 'CDS', 'CDNSKEY', 'NSEC3PARAM'])
    assert.equal(zone.lookup('ours.test', type).kind, 'nodata');
  assert.equal(zone.serial, serial + 1);
});

const names = Array.from({ length: 400 }, (_, index) => `q${index}${index % 3 === 0 ? '.www' : ''}.chain.test`);

test('NSEC proofs cover what they deny, and match what they state, for hundreds of names', async () => {
  const { zone, signer } = await makeSignedZone({ origin: 'chain.test', denial: 'nsec' });
  for (const name of names) {
    const found = zone.lookup(name, 'A');
    const encloser = found.steps[0]!.closestEncloser;
    signer.signResponse(found, { qname: name, qtype: 'A', steps: found.steps });
    const proofs = found.authorities.filter((record) => record.type === 'NSEC');
    const covers = (denied: string): boolean =>
      proofs.some(({ name: owner, data }) => {
        const { nextDomain } = data as INsecData;
        const wraps = nextDomain === 'chain.test';
        return compareNames(owner, denied) < 0 && (wraps || compareNames(denied, nextDomain) < 0);
      });
    assert.ok(covers(name), name);
    assert.ok(covers(`*.${encloser}`), `*.${encloser}`);
    assert.ok(proofs.length <= 2);
  }
});

test('NSEC3 proofs cover what they deny, and match what they state, for hundreds of names', async () => {
  const salt = Buffer.from('c0ffee', 'hex');
  const { zone, signer } = await makeSignedZone({
    origin: 'chain.test',
    denial: 'nsec3',
    nsec3: { iterations: 2, salt },
  });
  const hashOf = (name: string): string => formatBase32(nsec3Hash(name, salt, 2)).toLowerCase();
  for (const name of names) {
    const found = zone.lookup(name, 'A');
    const encloser = found.steps[0]!.closestEncloser;
    signer.signResponse(found, { qname: name, qtype: 'A', steps: found.steps });
    const proofs = found.authorities
      .filter((record) => record.type === 'NSEC3')
      .map((record) => ({
        owner: record.name.split('.')[0]!,
        next: formatBase32((record.data as INsec3Data).nextHashedOwner as Buffer).toLowerCase(),
      }));
    const covers = (denied: string): boolean => {
      const hash = hashOf(denied);
      return proofs.some(({ owner, next }) =>
        owner < next ? owner < hash && hash < next : owner < hash || hash < next,
      );
    };
    assert.ok(
      proofs.some(({ owner }) => owner === hashOf(encloser)),
      `closest encloser ${encloser}`,
    );
    assert.ok(covers(name), `next closer ${name}`);
    assert.ok(covers(`*.${encloser}`), `*.${encloser}`);
    assert.ok(proofs.length <= 3);
  }
});
