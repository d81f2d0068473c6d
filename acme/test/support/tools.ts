/**
 * Outside programs that tests use, and how to say that one is missing.
 *
 * @module
 */
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';

/** The path of a program in PATH, or undefined. */
export function findTool(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What `node:test` wants as `skip`: false, or the reason that names the missing package. */
export function skipWithout(name: string, debianPackage: string = name): string | false {
  return findTool(name) === undefined ? `${name} is not installed (Debian package ${debianPackage})` : false;
}

/** TCP ports that were free a moment ago, for programs that cannot tell which port they took. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
