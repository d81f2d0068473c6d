import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { activeRoutes, domainsOf } from '../../config/route-facts.ts';
import type { TConfig, TGivenCertificate } from '../../config/schema/index.ts';
import { covers } from '../../config/suspicions.ts';
import type { ICertificate } from '../answers.ts';
import { fetchPages } from '../cli.ts';
import { fileFault } from '../errors.ts';
import { formatDuration } from '../format.ts';
import { doctorLimits } from './limits.ts';
import { fault, notChecked, ok, warning, type ICheck, type IDoctorContext, type IFinding } from './types.ts';

const DAY_MS = 86_400_000;

interface IGiven {
  readonly what: string;
  readonly given: TGivenCertificate;
  readonly names: readonly string[];
}

/** Certificates are in time, belong to their keys, hold the names; keys are nobody else's to read. */
export const certificates: ICheck = {
  name: 'certificates',
  run: async (context) => {
    const { config, status, local } = context;
    const given = config === undefined ? [] : givenIn(config);
    const readable = local || status === undefined;
    const findings = readable
      ? (await Promise.all(given.map(async (each) => await lookAt(each, context)))).flat()
      : given.map(({ what }) => notChecked(`${what}: its files are on another machine`));
    findings.push(...(await ordered(context)));
    return findings.length > 0 ? findings : [ok('no certificate is needed')];
  },
};

function givenIn(config: TConfig): IGiven[] {
  const { api, dns } = config;
  const found: IGiven[] = [];
  for (const route of activeRoutes(config)) {
    const certificate = route.action.tls?.certificate;
    if (typeof certificate !== 'object') continue;
    found.push({ what: `route '${route.name}'`, given: certificate, names: domainsOf(route) });
  }
  if (api.tls !== undefined) found.push({ what: 'the API', given: api.tls, names: [] });
  for (const [what, part] of [
    ['DNS over TLS', dns?.tls],
    ['DNS over HTTPS', dns?.https],
  ] as const) {
    if (typeof part?.certificate === 'object') found.push({ what, given: part.certificate, names: [] });
  }
  return found;
}

async function lookAt({ what, given, names }: IGiven, { nowMs }: IDoctorContext): Promise<IFinding[]> {
  const findings: IFinding[] = [];
  const read = async (file: string | undefined, text: string | undefined): Promise<string | undefined> => {
    if (file === undefined) return text;
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      findings.push(
        fault(
          `${what}: cannot read ${file}: ${fileFault(error)}`,
          `see: ls -l ${file}; correct the path or its rights`,
        ),
      );
      return undefined;
    }
  };
  const pem = await read(given.certFile, given.cert);
  // What was printed by a router has words in the place of keys that stand in its document.
  const key = given.key === '(secret)' ? undefined : await read(given.keyFile, given.key);
  if (given.keyFile !== undefined && key !== undefined) findings.push(...(await rightsOf(what, given.keyFile)));
  if (pem === undefined) return findings;
  const leaf = parse(pem);
  if (leaf === undefined)
    return [...findings, fault(`${what}: its certificate is no PEM certificate`, 'put the chain there, leaf first')];
  findings.push(timeOf(what, leaf, nowMs));
  if (key !== undefined) findings.push(...keyOf(what, leaf, key, given.passphrase));
  for (const name of names)
    if (!covers(leaf, name))
      findings.push(fault(`${what}: its certificate does not hold ${name}`, `get one for it, or: certificate: auto`));
  return findings;
}

async function rightsOf(what: string, file: string): Promise<IFinding[]> {
  const { mode } = await stat(file);
  return (mode & 0o007) === 0
    ? []
    : [warning(`${what}: everybody on this machine may read the key ${file}`, `chmod o-rwx ${file}`)];
}

function timeOf(what: string, leaf: X509Certificate, nowMs: number): IFinding {
  const [from, to] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()];
  const order = 'get a new one and put it there, or: certificate: auto';
  if (to <= nowMs) return fault(`${what}: its certificate ended ${formatDuration(nowMs - to)} ago`, order);
  if (from > nowMs)
    return fault(
      `${what}: its certificate begins in ${formatDuration(from - nowMs)}; or the clock is wrong`,
      'date -u',
    );
  const left = `${what}: its certificate ends in ${formatDuration(to - nowMs)}`;
  return to - nowMs < doctorLimits.certificateDays * DAY_MS ? warning(left, order) : ok(left);
}

function keyOf(what: string, leaf: X509Certificate, key: string, passphrase: string | undefined): IFinding[] {
  try {
    const parsed = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
    if (leaf.checkPrivateKey(parsed)) return [];
    return [
      fault(
        `${what}: key and certificate do not belong together`,
        'put the key there that the certificate was made with',
      ),
    ];
  } catch (error) {
    return [
      fault(`${what}: its key cannot be read: ${(error as Error).message}`, 'check it: openssl pkey -noout -in FILE'),
    ];
  }
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Those that the router orders itself are known to it alone. */
async function ordered({ client, config, status }: IDoctorContext): Promise<IFinding[]> {
  const automatic =
    config === undefined ? [] : activeRoutes(config).filter((route) => route.action.tls?.certificate === 'auto');
  if (automatic.length === 0) return [];
  if (status === undefined) return [notChecked(`${automatic.length} automatic certificates: no router answers`)];
  const { items } = await fetchPages<ICertificate>(client, '/certificates', {});
  return items.filter((each) => each.automatic).map(orderedFinding);
}

function orderedFinding({ route, status, error, expiresAtMs }: ICertificate): IFinding {
  const what = `route '${route}' (automatic)`;
  const why = error === undefined ? '' : `: ${error}`;
  const renew = `dcrouter certs renew ${route}`;
  if (status === 'valid' && error !== undefined) return warning(`${what}: its renewal fails${why}`, renew);
  if (status === 'valid') return ok(`${what} ends in ${formatDuration((expiresAtMs ?? 0) - Date.now())}`);
  return status === 'pending' && error === undefined
    ? warning(`${what} is being ordered`, 'dcrouter certs list')
    : fault(`${what} is ${status}${why}`, renew);
}
