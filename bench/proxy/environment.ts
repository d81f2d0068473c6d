// What every cell of the suite needs: a backend, a certificate, and a way to start a proxy for a scenario.
import { makeCertificate } from '../harness/certificate.ts';
import { scratchFolder } from '../harness/paths.ts';
import { type IRunningServer, LOAD_CORE, freePort, startServer } from '../harness/server.ts';
import { buildTool } from '../harness/tools.ts';
import type { IProxyPeer } from './peers.ts';
import type { TBackend } from './rows.ts';
import { BENCH_HOST, type TScenario } from './scenario.ts';

export interface IEnvironment {
  readonly backends: Readonly<Record<TBackend, number>>;
  start(peer: IProxyPeer, kind: TScenario, backend: TBackend): Promise<{ server: IRunningServer; port: number }>;
  close(): Promise<void>;
}

export async function openEnvironment(): Promise<IEnvironment> {
  const backend = await startServer({
    name: 'backend',
    command: buildTool('backend'),
    args: [],
    readyLine: '}',
    core: LOAD_CORE,
  });
  const backends = JSON.parse(backend.firstLine) as Record<TBackend, number>;
  const certificate = makeCertificate(scratchFolder('certificate'), BENCH_HOST);
  return {
    backends,
    async start(peer, kind, backendRole) {
      const listenPort = await freePort();
      const folder = scratchFolder(peer.name.replace(/\W+/g, '-'));
      const scenario = { kind, listenPort, backendPort: backends[backendRole], folder, ...certificate };
      return { server: await startServer(peer.command(scenario)), port: listenPort };
    },
    close: () => backend.stop(),
  };
}
