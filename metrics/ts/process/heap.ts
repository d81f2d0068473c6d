import { getHeapSpaceStatistics } from 'node:v8';
import type { Registry } from '../registry/registry.ts';

/** V8 heap sizes in all and by space, and the version of Node. */
export function registerHeap(registry: Registry, prefix: string): void {
  const gauge = (name: string, help: string) => registry.gauge({ name: `${prefix}${name}`, help, unit: 'bytes' });
  const used = gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.');
  const external = gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.');
  const buffers = gauge('nodejs_array_buffers_bytes', 'Memory of ArrayBuffers and Buffers in bytes.');
  registry.gauge({
    name: `${prefix}nodejs_heap_size_total_bytes`,
    help: 'Process heap size from Node.js in bytes.',
    unit: 'bytes',
    collect: (total) => {
      const memory = process.memoryUsage();
      total.set(memory.heapTotal);
      used.set(memory.heapUsed);
      external.set(memory.external);
      buffers.set(memory.arrayBuffers);
    },
  });
  registerSpaces(registry, prefix);
  const [major = '', minor = '', patch = ''] = process.version.slice(1).split('.');
  registry
    .gauge({
      name: `${prefix}nodejs_version_info`,
      help: 'Node.js version info.',
      labelNames: ['version', 'major', 'minor', 'patch'],
      aggregate: 'max',
    })
    .set({ version: process.version, major, minor, patch }, 1);
}

function registerSpaces(registry: Registry, prefix: string): void {
  const gauge = (part: string, help: string) => {
    const name = `${prefix}nodejs_heap_space_size_${part}_bytes`;
    return registry.gauge({ name, help, unit: 'bytes', labelNames: ['space'] });
  };
  const used = gauge('used', 'Process heap space size used from Node.js in bytes.');
  const available = gauge('available', 'Process heap space size available from Node.js in bytes.');
  registry.gauge({
    name: `${prefix}nodejs_heap_space_size_total_bytes`,
    help: 'Process heap space size total from Node.js in bytes.',
    unit: 'bytes',
    labelNames: ['space'],
    collect: (total) => {
      for (const space of getHeapSpaceStatistics()) {
        const labels = { space: space.space_name.replace(/_space$/, '') };
        total.set(labels, space.space_size);
        used.set(labels, space.space_used_size);
        available.set(labels, space.space_available_size);
      }
    },
  });
}
