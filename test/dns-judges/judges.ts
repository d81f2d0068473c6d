/**
 * How the judges are asked, and what their consent looks like: the same for zones that they have to accept and for
 * zones that they have to reject.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { toolVersion } from '../helpers/child.ts';
import { nameOf, verdict } from './zones.ts';

/** What a judge needs to know of a zone: where it is served and what is trusted. */
export interface ICase {
  readonly origin: string;
  readonly port: number;
  /** Trust anchors as delv reads them. */
  readonly anchors: string;
  /** Trusted DNSKEY or DS in a file, as drill and dnsviz read it. */
  readonly keyFile: string;
  /** For dnsviz's report. */
  readonly folder: string;
}

export interface IVerdict {
  readonly accepted: boolean;
  /** All that the judge said. */
  readonly said: string;
}

export const missing = (tool: string, argument: string): string | false =>
  toolVersion(tool, [argument]) === undefined ? `${tool} is not installed` : false;

/** Asks delv, which validates from the trust anchor down. */
export async function askDelv({ origin, port, anchors }: ICase, prefix: string, type: string): Promise<IVerdict> {
  const options = ['@127.0.0.1', '-p', String(port), '-a', anchors, `+root=${origin}`, nameOf(prefix, origin), type];
  const said = await verdict('delv', options);
  return { accepted: /fully validated/.test(said), said };
}

/** Asks drill to chase signatures up to the trusted key. */
export async function askDrill({ origin, port, keyFile }: ICase, prefix: string, type: string): Promise<IVerdict> {
  // By TCP: drill takes a truncated answer for a whole one while it chases.
  const options = ['-t', '-S', '-k', keyFile, '-p', String(port), '@127.0.0.1', nameOf(prefix, origin), type];
  const said = await verdict('drill', options);
  return { accepted: /Chase successful/.test(said), said };
}

/** Debian's dnsviz asks its graph library for a module that newer ones lack; this gives it one. */
const grok = `
import sys, types, pygraphviz
if not hasattr(pygraphviz, 'release'):
    release = types.ModuleType('pygraphviz.release')
    release.version = pygraphviz.__version__
    pygraphviz.release = release
    sys.modules['pygraphviz.release'] = release
from dnsviz.commands import grok
grok.main(['grok', *sys.argv[1:]])
`;
const python = '/usr/bin/python3';
const hasDnsviz = spawnSync(python, ['-c', 'import pygraphviz, dnsviz.commands.grok']).status === 0;
export const withoutDnsviz = hasDnsviz ? false : 'dnsviz or python3-pygraphviz is not installed';

/** Probes these names of a zone and has dnsviz judge the report. */
export async function askDnsviz({ origin, port, keyFile, folder }: ICase, prefixes: string[]): Promise<IVerdict> {
  const report = join(folder, `${origin}.json`);
  const server = `${origin}+:ns1.${origin}=127.0.0.1:${port}`;
  const names = prefixes.map((prefix) => nameOf(prefix, origin));
  await verdict('dnsviz', ['probe', '-A', '-x', server, '-R', 'A,NS,SOA,TXT', '-o', report, ...names]);
  const options = ['-c', grok, '-t', keyFile, '-r', report];
  const complaints = (await verdict(python, [...options, '-l', 'warning'])).trim();
  const full = await verdict(python, [...options, '-l', 'info']);
  const secure = /"status": "SECURE"/.test(full) && !/"(?:BOGUS|INVALID|EXPIRED|INSECURE)"/.test(full);
  return { accepted: complaints === '' && secure, said: complaints === '' ? full : complaints };
}
