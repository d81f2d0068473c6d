// The peers: how each is found, named and started.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { benchFolder } from '../harness/paths.ts';
import { type IServerCommand } from '../harness/server.ts';
import { findProgram, programOutput } from '../harness/tools.ts';
import { caddyConfig, haproxyConfig, nginxConfig } from './configs.ts';
import type { IScenario, TScenario } from './scenario.ts';

export interface IProxyPeer {
  /** Short name, used by the rows. */
  readonly name: string;
  readonly kinds: readonly TScenario[];
  /** Version text, or undefined when the peer is not installed. */
  version(): string | undefined;
  /** What brings it. */
  readonly remedy: string;
  command(scenario: IScenario): IServerCommand;
}

const DEBIAN_REMEDY = 'scripts/install-bench-peers installs it';
const NPM_REMEDY = 'pnpm install brings it (bench/package.json)';
const NGINX_STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';

function versionOf(command: string, args: readonly string[], pattern: RegExp): string | undefined {
  if (findProgram(command) === undefined) return undefined;
  return pattern.exec(programOutput(findProgram(command)!, args) ?? '')?.[1];
}

const haproxy: IProxyPeer = {
  name: 'HAProxy',
  kinds: ['http', 'https', 'tcp'],
  remedy: DEBIAN_REMEDY,
  version: () => versionOf('haproxy', ['-v'], /version (\S+?)-/),
  command(scenario) {
    const file = join(scenario.folder, 'haproxy.cfg');
    writeFileSync(
      join(scenario.folder, 'both.pem'),
      readFileSync(scenario.certFile, 'utf8') + readFileSync(scenario.keyFile, 'utf8'),
    );
    writeFileSync(file, haproxyConfig(scenario));
    return {
      name: this.name,
      command: findProgram('haproxy')!,
      args: ['-f', file, '-db'],
      tcpPorts: [scenario.listenPort],
    };
  },
};

const nginx: IProxyPeer = {
  name: 'nginx',
  kinds: existsSync(NGINX_STREAM) ? ['http', 'https', 'tcp'] : ['http', 'https'],
  remedy: DEBIAN_REMEDY,
  version: () => versionOf('nginx', ['-v'], /nginx\/(\S+)/),
  command(scenario) {
    const file = join(scenario.folder, 'nginx.conf');
    writeFileSync(file, nginxConfig(scenario, NGINX_STREAM));
    return {
      name: this.name,
      command: findProgram('nginx')!,
      args: ['-p', scenario.folder, '-e', 'stderr', '-c', file],
      tcpPorts: [scenario.listenPort],
    };
  },
};

const caddy: IProxyPeer = {
  name: 'Caddy',
  kinds: ['http', 'https'],
  remedy: DEBIAN_REMEDY,
  version: () => versionOf('caddy', ['version'], /(\d+\.\d+\.\d+)/),
  command(scenario) {
    const file = join(scenario.folder, 'Caddyfile');
    writeFileSync(file, caddyConfig(scenario));
    return {
      name: this.name,
      command: findProgram('caddy')!,
      args: ['run', '--config', file, '--adapter', 'caddyfile'],
      env: { GOMAXPROCS: '1', HOME: scenario.folder, XDG_DATA_HOME: scenario.folder, XDG_CONFIG_HOME: scenario.folder },
      tcpPorts: [scenario.listenPort],
    };
  },
};

const require = createRequire(import.meta.url);

function packageVersion(name: string): string | undefined {
  try {
    const folder = require.resolve.paths(name)!.find((path) => existsSync(join(path, name, 'package.json')));
    if (folder === undefined) return undefined;
    return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

export function nodeCommand(name: string, file: string, scenario: IScenario): IServerCommand {
  return {
    name,
    command: process.execPath,
    args: ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning', file, JSON.stringify(scenario)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
    tcpPorts: [scenario.listenPort],
  };
}

function nodePeer(name: string, packageName: string, file: string, kinds: readonly TScenario[]): IProxyPeer {
  return {
    name,
    kinds,
    remedy: NPM_REMEDY,
    version: () => packageVersion(packageName),
    command: (scenario) => nodeCommand(name, join(benchFolder, 'proxy/node', file), scenario),
  };
}

/** Packages that people run as a proxy on Node; the rows' "best Node proxy" is the best of these. */
export const nodeProxies: readonly IProxyPeer[] = [
  nodePeer('http-proxy', 'http-proxy', 'http-proxy.ts', ['http', 'https']),
  nodePeer('http-proxy-3', 'http-proxy-3', 'http-proxy-3.ts', ['http', 'https']),
  nodePeer('httpxy', 'httpxy', 'httpxy.ts', ['http', 'https']),
  nodePeer('@fastify/http-proxy', '@fastify/http-proxy', 'fastify.ts', ['http', 'https']),
];

/** No package, but the least that somebody would write by hand; stands beside without a goal. */
export const undiciPeer: IProxyPeer = nodePeer('node:http + undici', 'undici', 'undici.ts', ['http', 'https']);

/** A raw `pipe` between two sockets: what Node costs before any proxying. */
export const pipePeer: IProxyPeer = {
  name: 'node:net pipe',
  kinds: ['tcp'],
  remedy: '',
  version: () => process.version.slice(1),
  command: (scenario) => nodeCommand('node:net pipe', join(benchFolder, 'proxy/node/pipe.ts'), scenario),
};

export const systemProxies: readonly IProxyPeer[] = [haproxy, nginx, caddy];
/** The option `sockets` of what stands for us; the variable is the proxy's own. */
const OUR_SOCKETS = process.env['SMARTPROXY_SOCKETS'] ?? 'ring';

export const allPeers: readonly IProxyPeer[] = [...systemProxies, ...nodeProxies, undiciPeer, pipePeer];

export interface IOursOptions {
  /** Entry file of another build of the proxy, as a URL. */
  readonly sources?: string;
  /** No listeners: what counting costs when nobody listens. */
  readonly silent?: boolean;
  /** The option `sockets`. */
  readonly sockets?: string;
}

/** Ours, started by its adapter. */
export function oursPeer(name = 'ours', options: IOursOptions = {}): IProxyPeer {
  const env: Record<string, string> = { SMARTPROXY_SOCKETS: options.sockets ?? OUR_SOCKETS };
  if (options.sources !== undefined) env['BENCH_PROXY_SOURCES'] = options.sources;
  if (options.silent === true) env['BENCH_PROXY_SILENT'] = '1';
  return {
    name,
    kinds: ['http', 'https', 'tcp'],
    remedy: '',
    version: () => packageVersion('@dcrouter/smartproxy'),
    command(scenario) {
      const command = nodeCommand(name, join(benchFolder, 'proxy/ours.ts'), scenario);
      return { ...command, env: { ...command.env, ...env } };
    },
  };
}

/** The same with the default of `sockets`: what it is without a ring. */
export const oursOnHandles: IProxyPeer = oursPeer('ours, on handles', { sockets: 'auto' });
