/**
 * BIND and our zones find the same for the same zone: code, AA, answers in their order, and what the authority section
 * says when there is no answer.
 */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { decodeMessage, encodeMessage, formatRecord } from '#wire';
import type { IDnsMessage, IResourceRecord } from '#wire';
import { Zone } from '../../ts_server/zone/index.ts';

const origin = 'example.com';
const text = readFileSync(new URL('fixtures/example.zone', import.meta.url), 'utf8');
const zone = Zone.fromText(text, { origin });

const prefixes = [
  '@ www alias alias2 dangling outside intodeleg intowild ent c.ent b.c.ent a.b.c.ent x.b.c.ent x.ent',
  'missing x.missing x.www _tcp.www _443._tcp.www y._tcp.www wild *.wild foo.wild foo.bar.wild exact.wild x.exact.wild',
  'exists.wild below.exists.wild x.exists.wild x.below.exists.wild foo.wcname deep.wc foo.deep.wc x.wc sub.deep.wc.x',
  'deep.wc.x odd *.odd a.*.odd b.*.odd foo.odd sub ns.sub hidden.sub x.y.sub signed x.signed ns.signed apart x.apart dn',
  'x.dn x.y.dn dnout x.dnout b.dnent a.b.dnent host.dn2 x.host.dn2 dn2 dot\\.ted dot.ted \\001bin upper UPPER uPPer https',
  'unknown caa mail ns1',
].flatMap((line) => line.split(' '));
const types = ['A', 'AAAA', 'MX', 'NS', 'SOA', 'TXT', 'CNAME', 'DS', 'DNAME', 'HTTPS', 'TYPE65280', 'CAA', 'TLSA'];

const available = spawnSync('named', ['-v']).status === 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function startBind(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-named-'));
  const port = await freePort();
  writeFileSync(join(folder, 'zone'), text);
  writeFileSync(
    join(folder, 'named.conf'),
    `options {
      directory "${folder}"; pid-file "${folder}/pid"; session-keyfile none; recursion no; minimal-responses yes;
      listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; notify no; check-names primary ignore;
      max-cache-size 16M; empty-zones-enable no; zero-no-soa-ttl no;
    };
    controls {};
    zone "${origin}" { type primary; file "${folder}/zone"; check-integrity no; };`,
  );
  const named = spawn('named', ['-f', '-n', '1', '-c', join(folder, 'named.conf')], { stdio: 'ignore' });
  after(async () => {
    named.kill();
    if (named.exitCode === null && named.signalCode === null) await once(named, 'exit');
    rmSync(folder, { recursive: true });
  });
  return port;
}

function query(name: string, type: string): IDnsMessage {
  const flags = { qr: false, opcode: 0, aa: false, tc: false, rd: false, ra: false, ad: false, cd: false, rcode: 0 };
  const edns = { udpPayloadSize: 4_096, version: 0, dnssecOk: false, options: [] };
  const questions = [{ name, type, class: 'IN' }];
  return { id: 1, ...flags, questions, answers: [], authorities: [], additionals: [], edns };
}

class Asker {
  readonly #socket = createSocket('udp4');
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
    after(() => this.#socket.close());
  }

  /** One question; null when there is no answer within a second. */
  async ask(name: string, type: string): Promise<IDnsMessage | null> {
    this.#socket.send(encodeMessage(query(name, type)), this.#port, '127.0.0.1');
    const signal = AbortSignal.timeout(1_000);
    const reply = (await once(this.#socket, 'message', { signal }).catch(() => null)) as [Buffer] | null;
    const decoded = reply === null ? null : decodeMessage(reply[0]);
    return decoded?.ok ? decoded.message : null;
  }

  /** Until its zone is loaded, the daemon is silent, refuses or fails. */
  async ready(): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt++) {
      const reply = await this.ask(origin, 'SOA');
      if (reply?.rcode === 0) return;
      await delay(100);
    }
    throw new Error('named does not answer');
  }
}

function lines(records: readonly IResourceRecord[]): string[] {
  return records.map((record) => formatRecord(record).toLowerCase()).sort();
}

test('BIND and our zones find the same', { skip: available ? false : 'named (package bind9) is missing' }, async () => {
  const asker = new Asker(await startBind());
  await asker.ready();
  let compared = 0;
  for (const prefix of prefixes) {
    const name = prefix === '@' ? origin : `${prefix}.${origin}`;
    for (const type of types) {
      const theirs = await asker.ask(name, type);
      assert.ok(theirs !== null, `${name} ${type}: no answer`);
      const ours = zone.lookup(name, type);
      const where = `${name} ${type}`;
      assert.equal(ours.rcode, theirs.rcode, `${where}: code`);
      assert.deepEqual(lines(ours.answers), lines(theirs.answers), `${where}: answers`);
      assert.equal(ours.authoritative, theirs.aa, `${where}: AA`);
      assert.deepEqual(lines(ours.authorities), lines(theirs.authorities), `${where}: authorities`);
      if (ours.kind === 'referral') {
        // BIND leaves out addresses that can be found without us; we give all that we have.
        const glue = lines(ours.additionals);
        assert.ok(
          lines(theirs.additionals).every((line) => glue.includes(line)),
          `${where}: glue`,
        );
      }
      compared++;
    }
  }
  assert.equal(compared, prefixes.length * types.length);
});
