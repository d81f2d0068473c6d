/**
 * Runs tests written for upstream's test bundle: the part of its `tap` and `expect` that our patches' tests use.
 *
 * @module
 */
import assert from 'node:assert/strict';

interface INamedTest {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

const tests: INamedTest[] = [];

export const tap = {
  test(name: string, run: () => void | Promise<void>): void {
    tests.push({ name, run });
  },

  /** Runs what was registered, in order; a failure sets the exit code. */
  async start(): Promise<void> {
    for (const { name, run } of tests) {
      try {
        await run();
        process.stdout.write(`ok - ${name}\n`);
      } catch (error) {
        process.exitCode = 1;
        process.stdout.write(`not ok - ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  },
};

export interface IExpectation {
  toEqual(expected: unknown): void;
  toBeTrue(): void;
  toBeFalse(): void;
  toBeGreaterThan(expected: number): void;
  toContain(expected: unknown): void;
}

export function expect(actual: unknown): IExpectation {
  return {
    toEqual: (expected) => assert.deepEqual(actual, expected),
    toBeTrue: () => assert.equal(actual, true),
    toBeFalse: () => assert.equal(actual, false),
    toBeGreaterThan: (expected) => assert.ok(Number(actual) > expected, `${String(actual)} is not above ${expected}`),
    toContain: (expected) =>
      assert.ok(
        Array.isArray(actual) ? actual.includes(expected) : String(actual).includes(String(expected)),
        `${JSON.stringify(actual)} does not contain ${JSON.stringify(expected)}`,
      ),
  };
}
