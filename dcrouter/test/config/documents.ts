/** Reading documents in tests. */
import assert from 'node:assert/strict';
import { parseConfigDocument } from '../../ts/config/document.ts';
import { ConfigError } from '../../ts/config/error.ts';
import { validateConfig } from '../../ts/config/load.ts';
import type { TConfig } from '../../ts/config/schema/index.ts';

export function read(text: string, env: NodeJS.ProcessEnv = {}): TConfig {
  return validateConfig(parseConfigDocument('router.yaml', text, env));
}

/** The message with which a document is refused. */
export function complaint(text: string, env: NodeJS.ProcessEnv = {}): string {
  return refusal(() => read(text, env));
}

export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return assert.fail('the configuration was accepted');
}

/** The same for a promise. */
export async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('the configuration was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigError, String(error));
  return error.message;
}
