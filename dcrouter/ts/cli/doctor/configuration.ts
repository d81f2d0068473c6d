import type { ICheck } from './types.ts';
import { fault, ok, warning } from './types.ts';

/** The document can be read and is valid; what was applied is in effect. */
export const configuration: ICheck = {
  name: 'configuration',
  run: async ({ file, config, problems, status }) => {
    if (file === undefined && config === undefined)
      return [fault('no configuration is known', 'name one: dcrouter doctor --config FILE')];
    const findings = [...problems];
    if (config !== undefined)
      findings.push(ok(file === undefined ? 'what the router serves is valid' : `${file} is valid`));
    const waiting = status?.pendingRestart ?? [];
    if (waiting.length > 0)
      findings.push(warning(`not in effect before a restart: ${waiting.join(', ')}`, 'dcrouter restart'));
    return findings;
  },
};
