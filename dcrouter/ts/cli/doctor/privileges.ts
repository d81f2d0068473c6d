import { readProc, subjectOf } from './proc.ts';
import { notChecked, ok, warning, type ICheck } from './types.ts';

/** CAP_NET_BIND_SERVICE, the one capability that a router may need (capabilities(7)). */
const NET_BIND_SERVICE = 1n << 10n;

/** The router is nobody special. */
export const privileges: ICheck = {
  name: 'privileges',
  run: async (context) => {
    const { pid, name } = subjectOf(context);
    const text = await readProc(pid, 'status');
    if (text === undefined) return [notChecked('what the process may do cannot be read on this system')];
    const { uid, capabilities } = privilegesIn(text);
    if (uid === 0)
      return [
        warning(
          `${name} is root`,
          'with systemd: User=dcrouter and AmbientCapabilities=CAP_NET_BIND_SERVICE; or process.user',
        ),
      ];
    const more = capabilities & ~NET_BIND_SERVICE;
    if (more !== 0n)
      return [
        warning(
          `${name} may do more than listen on low ports (CapEff ${capabilities.toString(16)})`,
          'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
        ),
      ];
    return [ok(`${name} has user id ${uid}${capabilities === 0n ? '' : ' and may listen on low ports'}`)];
  },
};

/** Exported for its test. Effective user id and capabilities in `/proc/<pid>/status`. */
export function privilegesIn(text: string): { readonly uid: number; readonly capabilities: bigint } {
  const [, uid = '-1'] = /^Uid:\s+\d+\s+(\d+)/m.exec(text) ?? [];
  const [, mask = '0'] = /^CapEff:\s+([0-9a-f]+)/m.exec(text) ?? [];
  return { uid: Number(uid), capabilities: BigInt(`0x${mask}`) };
}
