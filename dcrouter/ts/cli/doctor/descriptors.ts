import { doctorLimits } from './limits.ts';
import { readProc, subjectOf } from './proc.ts';
import { fault, notChecked, ok, warning, type ICheck } from './types.ts';

/** The limit of open files lets the proxy have its connections. */
export const descriptors: ICheck = {
  name: 'descriptors',
  run: async (context) => {
    const { pid, name } = subjectOf(context);
    const limit = openFiles(await readProc(pid, 'limits'));
    if (limit === undefined) return [notChecked('the limit of open files cannot be read on this system')];
    const told = `${name} may have ${limit} files open`;
    const remedy = 'with systemd: LimitNOFILE=65536; in a shell before the start: ulimit -n 65536';
    if (limit < doctorLimits.descriptorsMin) return [fault(`${told}: too few to work with`, remedy)];
    if (limit < doctorLimits.descriptorsWanted)
      return [warning(`${told}: all connections of the proxy need ${doctorLimits.descriptorsWanted}`, remedy)];
    return [ok(told)];
  },
};

/** Exported for its test. The soft limit in `/proc/<pid>/limits`. */
export function openFiles(limits: string | undefined): number | undefined {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '') ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Infinity : Number(soft);
}
