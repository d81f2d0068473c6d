import { stat } from 'node:fs/promises';
import { isLoopback } from '../../config/schema/api.ts';
import { fault, notChecked, ok, warning, type ICheck, type IFinding } from './types.ts';

/** The API answers us, and nobody whom it should not. */
export const api: ICheck = {
  name: 'api',
  run: async ({ client, config, status, apiFault, tokenFile }) => {
    const findings: IFinding[] = [];
    if (status !== undefined) findings.push(ok(`${client.url.origin} answers`));
    else if (apiFault?.code === 'DCR_CLI_UNREACHABLE')
      findings.push(
        notChecked(
          `no router answers at ${client.url.origin}`,
          'dcrouter run --config FILE, or name another with --url',
        ),
      );
    else if (apiFault !== undefined)
      findings.push(fault(`${client.url.origin}: ${apiFault.message} (${apiFault.code})`));
    if (status !== undefined && !status.ready)
      findings.push(fault('the router is not ready', 'dcrouter status; dcrouter logs --level warn'));
    if (status?.api.tokens === false)
      findings.push(
        warning(
          'no token has been made: everybody on this machine may change everything',
          'dcrouter tokens create me --scope admin',
        ),
      );
    if (config !== undefined) {
      const { address, insecure, metricsAllow } = config.api;
      const open = !isLoopback(address);
      if (open && insecure)
        findings.push(
          warning(
            `the API listens on ${address} without protection of its own (api.insecure)`,
            'set api.tls and api.tokens',
          ),
        );
      if (open && metricsAllow === 'any')
        findings.push(warning('everybody may read /metrics', 'set api.metricsAllow to the networks of your scrapers'));
    }
    const mode = tokenFile === undefined ? 0 : (await stat(tokenFile).catch(() => ({ mode: 0 }))).mode;
    if ((mode & 0o007) !== 0)
      findings.push(fault(`everybody on this machine may read the token in ${tokenFile}`, `chmod o-rwx ${tokenFile}`));
    return findings;
  },
};
