import { setTimeout as sleep } from 'node:timers/promises';

const DEADLINE_MS = 5_000;
const STEP_MS = 2;

/** Resolves when `condition` holds; fails with what was waited for. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${DEADLINE_MS} ms for ${what}`);
    await sleep(STEP_MS);
  }
}
