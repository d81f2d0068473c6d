// Reads the scenario that a Node server was started with, and says when it is ready.
import { createSocket, type Socket } from 'node:dgram';
import type { IDnsScenario } from '../scenario.ts';

export const scenario: IDnsScenario = JSON.parse(process.argv[2] ?? '{}') as IDnsScenario;

/** Printed once a server answers; the harness waits for it. */
export function ready(): void {
  process.stdout.write('ready\n');
}

/** A bound UDP socket with the default options. */
export function bindSocket(): Socket {
  const socket = createSocket('udp4');
  socket.bind(scenario.port, '127.0.0.1', ready);
  return socket;
}
