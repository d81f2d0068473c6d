import type { Registry } from '../registry/registry.ts';
import type { Gauge } from '../types/gauge.ts';

/** What is running. */
export interface IBuildInfo {
  /** Application name, the first part of the metric's name: letters, digits and `_`. */
  name: string;
  version: string;
  /** Commit or other identification of the sources. Default: empty. */
  revision?: string;
}

/** Registers `<name>_build_info`, always 1, with version, revision and Node version as labels. */
export function registerBuildInfo(
  registry: Registry,
  info: IBuildInfo,
): Gauge<readonly ['version', 'revision', 'nodeversion']> {
  const gauge = registry.gauge({
    name: `${info.name}_build_info`,
    help: `What runs here: a constant 1 with the version of ${info.name} and of Node.js.`,
    labelNames: ['version', 'revision', 'nodeversion'],
    aggregate: 'max',
  });
  gauge.set({ version: info.version, revision: info.revision ?? '', nodeversion: process.version }, 1);
  return gauge;
}
