/**
 * The smallest authoritative server over zones and signers: UDP and TCP on one loopback port. It lets validators ask
 * the data model and the signer without the rest of the server between them.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { decodeMessage, encodeMessage, normalizeName, rcodes } from '#wire';
import type { IDnsMessage } from '#wire';
import type { ZoneSigner } from '../../../ts_server/dnssec/index.ts';
import { ZoneTable } from '../../../ts_server/zone/index.ts';
import type { Zone } from '../../../ts_server/zone/index.ts';

const udpBytesMax = 1_232;

export class Authority {
  readonly zones = new ZoneTable();
  readonly signers = new Map<string, ZoneSigner>();
  readonly #udp: Socket = createSocket('udp4');
  readonly #tcp: Server;
  port = 0;
  /** Errors while answering; tests check that there are none. */
  readonly failures: unknown[] = [];

  constructor() {
    this.#udp.on('message', (packet, peer) => {
      const reply = this.#answer(packet, false);
      if (reply !== null) this.#udp.send(reply, peer.port, peer.address);
    });
    this.#tcp = createServer((socket) => {
      let held = Buffer.alloc(0);
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        held = Buffer.concat([held, chunk]);
        while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
          const end = 2 + held.readUInt16BE(0);
          const reply = this.#answer(held.subarray(2, end), true);
          held = held.subarray(end);
          if (reply === null) continue;
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          socket.write(Buffer.concat([length, reply]));
        }
      });
    });
  }

  add(zone: Zone, signer?: ZoneSigner): void {
    this.zones.add(zone);
    if (signer !== undefined) this.signers.set(zone.origin, signer);
  }

  /** @param address a loopback address; validators that follow delegations need port 53, others take any. */
  async listen(port = 0, address = '127.0.0.1'): Promise<void> {
    this.#tcp.listen(port, address);
    await once(this.#tcp, 'listening');
    this.port = (this.#tcp.address() as AddressInfo).port;
    this.#udp.bind(this.port, address);
    await once(this.#udp, 'listening');
  }

  async close(): Promise<void> {
    this.#udp.close();
    this.#tcp.close();
    await once(this.#tcp, 'close');
  }

  #answer(packet: Buffer, stream: boolean): Buffer | null {
    const decoded = decodeMessage(packet);
    if (!decoded.ok || decoded.message.qr) return null;
    try {
      const reply = this.reply(decoded.message);
      const room = Math.min(decoded.message.edns?.udpPayloadSize ?? 512, udpBytesMax);
      return encodeMessage(reply, { maxBytes: stream ? 65_535 : Math.max(room, 512) });
    } catch (error) {
      this.failures.push(error);
      return null;
    }
  }

  /** Answers one query. */
  reply(query: IDnsMessage): IDnsMessage {
    const question = query.questions[0]!;
    const name = normalizeName(question.name);
    const zone = this.zones.find(name, question.type);
    const edns = query.edns && { udpPayloadSize: udpBytesMax, version: 0, dnssecOk: query.edns.dnssecOk, options: [] };
    const reply: IDnsMessage = {
      ...query,
      qr: true,
      aa: false,
      tc: false,
      ra: false,
      ad: false,
      rcode: rcodes.REFUSED,
      answers: [],
      authorities: [],
      additionals: [],
      edns,
    };
    if (zone === undefined) return reply;
    const found = zone.lookup(name, question.type);
    reply.rcode = found.rcode;
    reply.aa = found.authoritative;
    reply.answers = found.answers;
    reply.authorities = found.authorities;
    reply.additionals = found.additionals;
    const signer = this.signers.get(zone.origin);
    if (signer !== undefined && query.edns?.dnssecOk === true) {
      signer.signResponse(reply, { qname: name, qtype: question.type, steps: found.steps });
    }
    return reply;
  }
}
