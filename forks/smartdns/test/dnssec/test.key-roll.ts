/**
 * Keys are replaced without any cache ever holding what it cannot validate. A simulated world with the longest caches
 * allowed checks every combination of old and new data at every step.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { MemoryKeyStorage, ZoneSigner } from '../../ts_server/dnssec/index.ts';
import type { IZoneSignerOptions } from '../../ts_server/dnssec/index.ts';
import { Zone } from '../../ts_server/zone/index.ts';
import type { IDnskeyData, IDsData, IResourceRecord, IRrsigData } from '#wire';
import { keyTagOf } from '../../ts_server/dnssec/index.ts';
import { encodeRecordData } from '#wire';

const minuteMs = 60_000;
const dnskeyTtlSeconds = 1_800;
const parentDsTtlSeconds = 7_200;
const zoneTtl = 3_600;
const propagation = 300;

/** What the world could fetch at one moment. */
interface IMoment {
  atMs: number;
  ds: ReadonlySet<number>;
  keys: ReadonlySet<number>;
  keySigners: ReadonlySet<number>;
  dataSigners: ReadonlySet<number>;
}

class World {
  nowMs = Date.UTC(2026, 0, 1);
  readonly history: IMoment[] = [];
  readonly zone = new Zone({
    origin: 'roll.test',
    nameservers: ['ns1.roll.test'],
    defaultTtl: zoneTtl,
    records: [{ name: 'www.roll.test', type: 'A', data: '192.0.2.1' }],
    soa: { minimum: 300 },
  });
  parentDs = new Set<number>();
  signer!: ZoneSigner;

  async open(options: Partial<IZoneSignerOptions> = {}): Promise<void> {
    this.signer = await ZoneSigner.open({
      origin: 'roll.test',
      zone: this.zone,
      nowMs: () => this.nowMs,
      dnskeyTtlSeconds,
      parentDsTtlSeconds,
      propagationSeconds: propagation,
      zoneTtlSecondsMax: zoneTtl,
      ...options,
    });
    this.parentDs = new Set(this.cds());
  }

  /** Key tags that the CDS set asks the parent for. */
  cds(): number[] {
    return this.zone.lookup('roll.test', 'CDS').answers.map((record) => (record.data as IDsData).keyTag);
  }

  #signersOf(name: string, type: string): Set<number> {
    const found = this.zone.lookup(name, type);
    this.signer.signResponse(found, { qname: name, qtype: type, steps: found.steps });
    const signatures = found.answers.filter((record) => record.type === 'RRSIG');
    return new Set(signatures.map((record) => (record.data as IRrsigData).keyTag));
  }

  look(): void {
    const dataSigners = this.#signersOf('www.roll.test', 'A');
    const keySigners = this.#signersOf('roll.test', 'DNSKEY');
    const shown = this.zone.lookup('roll.test', 'DNSKEY').answers;
    this.history.push({ atMs: this.nowMs, ds: new Set(this.parentDs), keys: tags(shown), keySigners, dataSigners });
  }

  /** Lets time pass, and checks everything that caches may hold at each moment. */
  async pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute += 5) {
      this.nowMs += 5 * minuteMs;
      this.look();
      this.check();
      // A step that makes a new key does so aside.
      await new Promise(setImmediate);
      await this.signer.keys.flush();
    }
  }

  check(): void {
    const within = (seconds: number): IMoment[] =>
      this.history.filter((moment) => moment.atMs > this.nowMs - seconds * 1000);
    const cachedDs = within(parentDsTtlSeconds);
    // A server may show the state before the last change for the propagation time.
    const cachedKeys = within(dnskeyTtlSeconds + propagation);
    const cachedData = within(zoneTtl + propagation);
    for (const { ds } of cachedDs) {
      for (const { keySigners } of cachedKeys) {
        assert.ok(
          intersects(ds, keySigners),
          `no chain from DS ${[...ds].join()} to keys signed by ${[...keySigners].join()}`,
        );
      }
    }
    for (const { keys } of cachedKeys) {
      for (const { dataSigners } of cachedData) {
        assert.ok(
          intersects(keys, dataSigners),
          `data signed by ${[...dataSigners].join()} with keys ${[...keys].join()}`,
        );
      }
    }
  }

  states(): string[] {
    return this.signer.keyInfo().map((key) => `${key.role} ${key.state}`);
  }
}

function tags(records: readonly IResourceRecord[]): Set<number> {
  return new Set(records.map((record) => keyTagOf(encodeRecordData('DNSKEY', record.data as IDnskeyData))));
}

function intersects(left: ReadonlySet<number>, right: ReadonlySet<number>): boolean {
  return [...left].some((tag) => right.has(tag));
}

test('a ZSK is replaced by pre-publication', async () => {
  const world = new World();
  await world.open({ scheme: 'ksk-zsk' });
  await world.pass(60);
  const [, before] = world.signer.keyInfo();
  const tag = await world.signer.roll('zsk');
  assert.deepEqual(world.states(), ['ksk active', 'zsk active', 'zsk published']);
  await assert.rejects(world.signer.roll('zsk'), /already/);
  await world.pass(30);
  assert.deepEqual(world.states(), ['ksk active', 'zsk active', 'zsk published'], 'caches may not know it yet');
  await world.pass(10);
  assert.deepEqual(world.states(), ['ksk active', 'zsk retired', 'zsk active']);
  await world.pass(55);
  assert.deepEqual(world.states(), ['ksk active', 'zsk retired', 'zsk active'], 'caches may hold its signatures');
  await world.pass(10);
  assert.deepEqual(world.states(), ['ksk active', 'zsk active']);
  assert.notEqual(before!.keyTag, tag);
  assert.equal(world.signer.keyInfo()[1]!.keyTag, tag);
});

for (const role of ['ksk', 'csk'] as const) {
  test(`a ${role.toUpperCase()} is replaced with the parent's help`, async () => {
    const world = new World();
    await world.open({ scheme: role === 'ksk' ? 'ksk-zsk' : 'csk' });
    await world.pass(60);
    const [old] = world.signer.keyInfo();
    const tag = await world.signer.roll(role);
    assert.deepEqual(world.cds(), [old!.keyTag]);
    await assert.rejects(world.signer.confirmDs(tag), /too early/);
    await world.pass(40);
    assert.deepEqual(world.cds(), [tag], 'the parent is asked for the new key');
    // The parent takes its time; nothing may happen meanwhile.
    await world.pass(600);
    assert.equal(world.states().filter((state) => state.startsWith(role)).length, 2);
    world.parentDs = new Set([tag]);
    await assert.rejects(world.signer.confirmDs(1), /no KSK or CSK/);
    await world.signer.confirmDs(tag);
    await world.pass(120);
    assert.equal(world.states().filter((state) => state.startsWith(role)).length, 2, 'caches may hold the old DS');
    await world.pass(90);
    assert.deepEqual(
      world.states().filter((state) => state.startsWith(role)),
      [`${role} active`],
    );
    assert.deepEqual(
      world.signer.ds().map((ds) => ds.keyTag),
      [tag],
    );
    await world.pass(120);
  });
}

test('a parent that drops the old DS at once, too early, is noticed by the simulation', async () => {
  const world = new World();
  await world.open({ scheme: 'ksk-zsk' });
  await world.pass(60);
  const tag = await world.signer.roll('ksk');
  world.parentDs = new Set([tag]);
  // The new key is not in every cache's DNSKEY set yet: this is the failure that waiting prevents.
  await assert.rejects(world.pass(5), /no chain from DS/);
});

test('a ZSK is replaced by age', async () => {
  const world = new World();
  await world.open({ scheme: 'ksk-zsk', zskLifetimeSeconds: 86_400 });
  const seen = new Set<number>();
  for (let hour = 0; hour < 24 * 4; hour++) {
    await world.pass(60);
    for (const key of world.signer.keyInfo()) if (key.role === 'zsk') seen.add(key.keyTag);
    assert.ok(world.signer.keyInfo().length <= 3);
  }
  assert.ok(seen.size >= 4, `${seen.size} ZSKs in four days`);
});

test('a replacement goes on where it was after a restart', async () => {
  const storage = new MemoryKeyStorage();
  const world = new World();
  await world.open({ scheme: 'ksk-zsk', storage });
  await world.pass(30);
  const tag = await world.signer.roll('zsk');
  await world.signer.keys.flush();
  const keys = world.signer.keyInfo();
  await world.open({ scheme: 'ksk-zsk', storage });
  assert.deepEqual(world.signer.keyInfo(), keys);
  await world.pass(60);
  assert.ok(world.signer.keyInfo().some((key) => key.keyTag === tag && key.state === 'active'));
  await world.pass(120);
  assert.equal(world.signer.keyInfo().length, 2);
});

test('keys move the serial, and the parent can be told to let go', async () => {
  const world = new World();
  await world.open();
  const serial = world.zone.serial;
  await world.signer.roll('csk');
  assert.equal(world.zone.serial, serial + 1);
  const leaving = new World();
  await leaving.open({ parentSignal: 'delete' });
  const [cds] = leaving.zone.lookup('roll.test', 'CDS').answers;
  // RFC 8078 §4.
  assert.equal(encodeRecordData('CDS', cds!.data as IDsData).toString('hex'), '0000000000');
  const [cdnskey] = leaving.zone.lookup('roll.test', 'CDNSKEY').answers;
  assert.equal(encodeRecordData('CDNSKEY', cdnskey!.data as IDnskeyData).toString('hex'), '0000030000');
});
