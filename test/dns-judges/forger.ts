/**
 * Somebody on the way, by UDP and TCP, who changes a server's answers after they were signed.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import { decodeMessage, encodeMessage, type IDnsMessage } from '@dcrouter/smartdns/wire';
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket as Stream } from 'node:net';

export class Forger {
  readonly #server: DnsServer;
  readonly #forge: (answer: IDnsMessage) => void;
  readonly #udp: Socket = createSocket('udp4');
  readonly #tcp: Server = createServer((socket) => this.#serve(socket));

  constructor(server: DnsServer, forge: (answer: IDnsMessage) => void) {
    this.#server = server;
    this.#forge = forge;
    this.#udp.on('message', (query, peer) => {
      void this.#answer(query, 'udp').then((answer) => this.#udp.send(answer, peer.port, peer.address));
    });
  }

  /** Resolves to the port, the same for UDP and TCP. */
  async listen(): Promise<number> {
    this.#tcp.listen(0, '127.0.0.1');
    await once(this.#tcp, 'listening');
    const { port } = this.#tcp.address() as AddressInfo;
    this.#udp.bind(port, '127.0.0.1');
    await once(this.#udp, 'listening');
    return port;
  }

  async close(): Promise<void> {
    this.#udp.close();
    this.#tcp.close();
    await once(this.#tcp, 'close');
  }

  #serve(socket: Stream): void {
    let held = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0);
        void this.#answer(held.subarray(2, end), 'tcp').then((answer) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([length, answer]));
        });
        held = held.subarray(end);
      }
    });
  }

  async #answer(query: Buffer, source: 'udp' | 'tcp'): Promise<Buffer> {
    const answer = await this.#server.processRawDnsPacketAsync(query, { source, clientIp: '127.0.0.1' });
    const decoded = decodeMessage(answer);
    assert.ok(decoded.ok);
    this.#forge(decoded.message);
    return encodeMessage(decoded.message, { maxBytes: source === 'udp' ? 1_232 : 65_535 });
  }
}
