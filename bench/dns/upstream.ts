// The upstream package as a peer.
import { join } from 'node:path';
import { benchFolder } from '../harness/paths.ts';
import { type IDnsPeer, nodeCommand } from './peers.ts';
import { preparedUpstream } from './peer-upstream.ts';

export const upstreamPeer: IDnsPeer = {
  name: 'upstream',
  remedy: 'node bench/dns/peer-upstream.ts prepares it',
  version: () => preparedUpstream()?.version,
  command(scenario) {
    const prepared = preparedUpstream();
    if (prepared === undefined) throw new Error('upstream is not prepared: run node bench/dns/peer-upstream.ts');
    const command = nodeCommand('upstream', join(benchFolder, 'dns/node/upstream.ts'), scenario);
    return { ...command, args: [...command.args, prepared.folder] };
  },
};
