// The upstream package as a peer: as published, with our patches, and inside our wrapper.
import { join } from 'node:path';
import { readSeries } from '../../patches/tool/series.ts';
import { patchInstalled } from '../../patches/tool/tree.ts';
import { benchFolder, scratchFolder } from '../harness/paths.ts';
import { type IDnsPeer, nodeCommand } from './peers.ts';
import { preparedUpstream } from './peer-upstream.ts';

function peer(name: string, way: string, folderOf: (prepared: string) => string): IDnsPeer {
  return {
    name,
    remedy: 'node bench/dns/peer-upstream.ts prepares it',
    version: () => preparedUpstream()?.version,
    command(scenario) {
      const prepared = preparedUpstream();
      if (prepared === undefined) throw new Error('upstream is not prepared: run node bench/dns/peer-upstream.ts');
      const command = nodeCommand(name, join(benchFolder, 'dns/node/upstream.ts'), scenario);
      return { ...command, args: [...command.args, folderOf(prepared.folder), way] };
    },
  };
}

/** As published, with nothing that listens. */
export const upstreamPeer: IDnsPeer = peer('upstream', 'stock', (folder) => folder);

/** With the queue's patches, a middleware, and listeners for both events of a query. */
export const patchedPeer: IDnsPeer = peer('upstream patched', 'patched', (folder) =>
  patchInstalled(readSeries('smartdns'), scratchFolder('patched'), join(folder, 'dist_rust')),
);

/** As published, inside `MetricsAwareDns`, with listeners for both events of a query. */
export const wrappedPeer: IDnsPeer = peer('upstream wrapped', 'wrapped', (folder) => folder);
