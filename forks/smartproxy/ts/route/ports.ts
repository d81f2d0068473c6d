/**
 * Ports of a match as a list.
 *
 * @module
 */
import type { TPortRange } from '../interfaces/route.ts';

export const PORT_MAX = 65_535;

/** Every port once, ascending. The range must be valid. */
export function expandPorts(ports: TPortRange): number[] {
  const found = new Set<number>();
  for (const item of Array.isArray(ports) ? ports : [ports]) {
    if (typeof item === 'number') found.add(item);
    else for (let port = item.from; port <= item.to; port += 1) found.add(port);
  }
  return [...found].sort((a, b) => a - b);
}

/** Whether a port is among the given ones. */
export function portsInclude(ports: TPortRange, port: number): boolean {
  return (Array.isArray(ports) ? ports : [ports]).some((item) =>
    typeof item === 'number' ? item === port : port >= item.from && port <= item.to,
  );
}
