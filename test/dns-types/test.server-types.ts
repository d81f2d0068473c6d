/**
 * Compiled, not only run: code written for upstream's published types must type-check against ours.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { RemoteInfo } from 'node:dgram';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { dnsServerMod } from '@dcrouter/smartdns';
import type * as ours from '@dcrouter/smartdns/server';
import type * as upstream from '@push.rocks/smartdns/server';

/** Fails to compile unless `From` can stand wherever `To` is asked for. */
function assignable<To, From extends To>(): [To?, From?] {
  return [];
}

/** What a class shows; its private members would make any other class differ. */
type Public<T> = { [Key in Exclude<keyof T, keyof EventEmitter>]: T[Key] };

test("upstream's options, handlers, answers and questions are accepted as ours", () => {
  assignable<ours.IDnsServerOptions, upstream.IDnsServerOptions>();
  assignable<ours.TDnsHandler, upstream.IDnsHandler['handler']>();
  assignable<ours.IDnsHandler, upstream.IDnsHandler>();
  assignable<ours.DnsAnswer, upstream.DnsAnswer>();
  assignable<upstream.DnsAnswer, ours.DnsAnswer>();
  assignable<ours.IDnsQuestion, upstream.IDnsQuestion>();
  assignable<upstream.IDnsQuestion, ours.IDnsQuestion>();
  assignable<upstream.IDnsQueryCompletedEvent, ours.IDnsQueryCompletedEvent>();
});

test('our DnsServer can stand where the public members of upstream are asked for', () => {
  assignable<Public<upstream.DnsServer>, ours.DnsServer>();
  assignable<ConstructorParameters<typeof ours.DnsServer>, ConstructorParameters<typeof upstream.DnsServer>>();
  assignable<EventEmitter, ours.DnsServer>();
});

test('code written for upstream compiles and runs', async () => {
  const options: upstream.IDnsServerOptions = {
    httpsKey: '',
    httpsCert: '',
    httpsPort: 0,
    udpPort: 0,
    dnssecZone: 'example.test',
    udpBindInterface: '127.0.0.1',
    httpsBindInterface: '127.0.0.1',
    manualUdpMode: true,
    manualHttpsMode: true,
    primaryNameserver: 'ns1.example.test',
    enableLocalhostHandling: true,
  };
  const server = new dnsServerMod.DnsServer(options);
  const handler = (question: upstream.IDnsQuestion): upstream.DnsAnswer | null => ({
    name: question.name,
    type: 'A',
    class: 'IN',
    ttl: 60,
    data: '192.0.2.1',
  });
  server.registerHandler('*.example.test', ['A'], handler);
  server.on('query', (event: upstream.IDnsQueryCompletedEvent) => event.questions.push());
  await server.start();
  const authorized: string[] = server.filterAuthorizedDomains(['a.example.test', '*.EXAMPLE.test', 'other.org']);
  assert.deepEqual(authorized, ['a.example.test', '*.EXAMPLE.test']);
  const send = (message: Buffer, remote: RemoteInfo): void =>
    server.handleUdpMessage(message, remote, (_response: Buffer, _remote: RemoteInfo) => {});
  const raw: (packet: Buffer) => Promise<Buffer> = (packet) => server.processRawDnsPacketAsync(packet);
  const take: (socket: Socket) => void = (socket) => server.handleHttpsSocket(socket);
  assert.deepEqual([typeof send, typeof raw, typeof take], ['function', 'function', 'function']);
  assert.equal(server.unregisterHandler('*.example.test', ['A']), true);
  await server.stop();
});
