// dns2 with a handler that answers from a map, as its documentation shows. The second argument names the package's version.
import { createRequire } from 'node:module';
import { ADDRESS, TTL_SECONDS, queriedNames } from '../scenario.ts';
import { ready, scenario } from './scenario.ts';

interface IDns2Packet {
  readonly questions: ReadonlyArray<{ readonly name: string }>;
  readonly answers: object[];
}

interface IDns2 {
  createServer(options: { udp: boolean; handle(request: IDns2Packet, send: (response: IDns2Packet) => void): void }): {
    listen(options: { udp: { port: number; address: string } }): Promise<unknown>;
  };
  readonly Packet: {
    createResponseFromRequest(request: IDns2Packet): IDns2Packet;
    readonly TYPE: { readonly A: number };
    readonly CLASS: { readonly IN: number };
  };
}

const dns2 = createRequire(import.meta.url)(process.argv[3] ?? 'dns2') as IDns2;
const names = new Set(queriedNames(scenario.handlers));
const server = dns2.createServer({
  udp: true,
  handle(request, send) {
    const response = dns2.Packet.createResponseFromRequest(request);
    const name = request.questions[0]?.name ?? '';
    if (names.has(name)) {
      const { TYPE, CLASS } = dns2.Packet;
      response.answers.push({ name, type: TYPE.A, class: CLASS.IN, ttl: TTL_SECONDS, address: ADDRESS });
    }
    send(response);
  },
});
await server.listen({ udp: { port: scenario.port, address: '127.0.0.1' } });
ready();
