import { readdirSync, readFileSync } from 'node:fs';
import type { Registry } from '../registry/registry.ts';

const MICROS_PER_SECOND = 1e6;
const MS_PER_SECOND = 1_000;
const BYTES_PER_KIB = 1_024;

/** CPU time, memory, file descriptors, start time and what keeps the process alive. */
export function registerResources(registry: Registry, prefix: string): void {
  registerCpu(registry, prefix);
  registerMemory(registry, prefix);
  registerDescriptors(registry, prefix);
  registry
    .gauge({
      name: `${prefix}process_start_time_seconds`,
      help: 'Start time of the process since unix epoch in seconds.',
      unit: 'seconds',
      aggregate: 'min',
    })
    .set(Math.round(Date.now() / MS_PER_SECOND - process.uptime()));
  const resources = registry.gauge({
    name: `${prefix}nodejs_active_resources`,
    help: 'Number of active resources that keep the event loop alive, by type.',
    labelNames: ['type'],
    collect: () => {
      const counts = new Map<string, number>();
      for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
      // A type that is gone must read 0, not its last count.
      resources.reset();
      for (const [type, count] of counts) resources.set({ type }, count);
    },
  });
}

function registerCpu(registry: Registry, prefix: string): void {
  const user = registry.counter({
    name: `${prefix}process_cpu_user_seconds_total`,
    help: 'Total user CPU time spent in seconds.',
    unit: 'seconds',
  });
  const system = registry.counter({
    name: `${prefix}process_cpu_system_seconds_total`,
    help: 'Total system CPU time spent in seconds.',
    unit: 'seconds',
  });
  const usage = { user: 0, system: 0 };
  registry.counter({
    name: `${prefix}process_cpu_seconds_total`,
    help: 'Total user and system CPU time spent in seconds.',
    unit: 'seconds',
    collect: (total) => {
      const now = process.cpuUsage();
      const userSeconds = Math.max(0, now.user - usage.user) / MICROS_PER_SECOND;
      const systemSeconds = Math.max(0, now.system - usage.system) / MICROS_PER_SECOND;
      usage.user = now.user;
      usage.system = now.system;
      user.inc(userSeconds);
      system.inc(systemSeconds);
      total.inc(userSeconds + systemSeconds);
    },
  });
}

function registerMemory(registry: Registry, prefix: string): void {
  const gauge = (name: string, help: string) => registry.gauge({ name: `${prefix}${name}`, help, unit: 'bytes' });
  const virtual = gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.');
  const heap = gauge('process_heap_bytes', 'Process heap size in bytes.');
  registry.gauge({
    name: `${prefix}process_resident_memory_bytes`,
    help: 'Resident memory size in bytes.',
    unit: 'bytes',
    collect: (resident) => {
      resident.set(process.memoryUsage.rss());
      const status = readProc('/proc/self/status');
      if (status === undefined) return;
      virtual.set(kibibytes(status, 'VmSize'));
      heap.set(kibibytes(status, 'VmData'));
    },
  });
}

function registerDescriptors(registry: Registry, prefix: string): void {
  if (process.platform !== 'linux') return;
  const max = Number(/^Max open files\s+(\d+)/m.exec(readProc('/proc/self/limits') ?? '')?.[1]);
  if (Number.isFinite(max)) {
    registry.gauge({ name: `${prefix}process_max_fds`, help: 'Maximum number of open file descriptors.' }).set(max);
  }
  registry.gauge({
    name: `${prefix}process_open_fds`,
    help: 'Number of open file descriptors.',
    collect: (open) => {
      // One descriptor is the directory that is being read.
      open.set(readdirSync('/proc/self/fd').length - 1);
    },
  });
}

/** Content of a file of /proc; undefined where there is none (not Linux). */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * BYTES_PER_KIB;
}
