// The DNS servers under comparison: how each is found, named and started.
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { benchFolder } from '../harness/paths.ts';
import { type IServerCommand, LOAD_CORE } from '../harness/server.ts';
import { findProgram, programOutput } from '../harness/tools.ts';
import { writeKnotConfig, writeNsdConfig } from './configs.ts';
import { type IDnsScenario, queriedNames } from './scenario.ts';

export interface IDnsPeer {
  readonly name: string;
  /** Version text, or undefined when the peer is not installed. */
  version(): string | undefined;
  readonly remedy: string;
  /** Whether replies hold no answers. */
  readonly echo?: boolean;
  command(scenario: IDnsScenario): IServerCommand | Promise<IServerCommand>;
}

const PROBE_TIMEOUT_MS = 200;

/** Whether a UDP query gets any reply. */
export function answersUdp(port: number, name: string): Promise<boolean> {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const query = Buffer.concat([
    Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, 1, 0, 1]),
  ]);
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = (answer: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => done(false), PROBE_TIMEOUT_MS);
    socket.once('message', () => done(true));
    socket.once('error', () => done(false));
    socket.connect(port, '127.0.0.1', () => socket.send(query));
  });
}

const probe = (scenario: IDnsScenario) => (): Promise<boolean> =>
  answersUdp(scenario.port, queriedNames(scenario.handlers)[0]!);

function versionOf(command: string, args: readonly string[], pattern: RegExp): string | undefined {
  const path = findProgram(command);
  return path === undefined ? undefined : pattern.exec(programOutput(path, args) ?? '')?.[1];
}

const require = createRequire(import.meta.url);

export function packageVersion(name: string): string | undefined {
  const folder = require.resolve.paths(name)?.find((path) => existsSync(join(path, name, 'package.json')));
  if (folder === undefined) return undefined;
  return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version;
}

/** A Node program that takes the scenario as its argument. */
export function nodeCommand(name: string, file: string, scenario: IDnsScenario): IServerCommand {
  return {
    name,
    command: process.execPath,
    args: ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning', file, JSON.stringify(scenario)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
    probe: probe(scenario),
  };
}

function nodePeer(name: string, file: string, version: () => string | undefined, ...args: string[]): IDnsPeer {
  return {
    name,
    version,
    remedy: 'pnpm install brings it (bench/package.json)',
    command(scenario) {
      const command = nodeCommand(name, join(benchFolder, 'dns/node', file), scenario);
      return { ...command, args: [...command.args, ...args] };
    },
  };
}

const nodeVersion = (): string => process.version.slice(1);

/** Node's limit: everything else on Node is measured against it. */
export const echoPeer: IDnsPeer = { ...nodePeer('dgram echo', 'echo.ts', nodeVersion), echo: true };
export const templatePeer: IDnsPeer = nodePeer('dgram template', 'template.ts', nodeVersion);
export const dnsPacketPeer: IDnsPeer = nodePeer('dns-packet', 'dns-packet.ts', () => packageVersion('dns-packet'));
/** The version that the goals were set against, and the one of today, five times as fast. */
export const dns2OldPeer: IDnsPeer = nodePeer('dns2', 'dns2.ts', () => packageVersion('dns2-3.0.0'), 'dns2-3.0.0');
export const dns2Peer: IDnsPeer = nodePeer('dns2', 'dns2.ts', () => packageVersion('dns2'), 'dns2');

const DEBIAN_REMEDY = 'scripts/install-bench-peers installs it';

export const knotPeer: IDnsPeer = {
  name: 'Knot',
  remedy: DEBIAN_REMEDY,
  version: () => versionOf('knotd', ['-V'], /(\d+\.\d+\.\d+)/),
  command: (scenario) => ({
    name: 'Knot',
    command: findProgram('knotd')!,
    args: ['-c', writeKnotConfig(scenario)],
    probe: probe(scenario),
    // Knot pins its own worker to the first core, whatever it was started on.
    core: LOAD_CORE,
  }),
};

export const nsdPeer: IDnsPeer = {
  name: 'NSD',
  remedy: DEBIAN_REMEDY,
  version: () => versionOf('nsd', ['-v'], /version (\S+)/),
  command: (scenario) => ({
    name: 'NSD',
    command: findProgram('nsd')!,
    args: ['-d', '-c', writeNsdConfig(scenario)],
    probe: probe(scenario),
  }),
};

/** Ours, started by its adapter. */
export function oursPeer(name = 'ours'): IDnsPeer {
  return {
    name,
    remedy: '',
    version: () => packageVersion('@dcrouter/smartdns'),
    command: (scenario) => nodeCommand(name, join(benchFolder, 'dns/ours.ts'), scenario),
  };
}
