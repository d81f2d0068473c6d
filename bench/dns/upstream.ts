// The upstream package as a peer.
import type { IDnsPeer } from './peers.ts';

export const upstreamPeer: IDnsPeer = {
  name: 'upstream',
  remedy: 'scripts/install-bench-peers prepares it',
  version: () => undefined,
  command: () => {
    throw new Error('upstream is not installed');
  },
};
