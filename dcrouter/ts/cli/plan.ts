/**
 * What a change does or would do, for people.
 *
 * @module
 */
import type { IDifference, IPlan } from '../control/types.ts';
import { formatDuration } from './format.ts';
import { cliLimits } from './limits.ts';
import { plainText, type TPaint } from './style.ts';

/** What the API answers to a change. */
export interface IAppliedAnswer {
  readonly dryRun: boolean;
  readonly version: number;
  readonly revision: number;
  readonly confirmByMs?: number;
  readonly plan: IPlan;
}

const MARKS = { added: ['+', 'green'], removed: ['-', 'red'], changed: ['~', 'yellow'] } as const;

export function planText({ differences, effects }: IPlan, paint: TPaint): string {
  if (differences.length === 0) return 'nothing differs';
  const shown = differences.slice(0, cliLimits.differencesShown);
  const more = differences.length - shown.length;
  const lists: ReadonlyArray<readonly [string, ReadonlyArray<string | number>]> = [
    ['ports opened', effects.portsOpened],
    ['ports closed', effects.portsClosed],
    ['names gained', effects.namesGained],
    ['names lost', effects.namesLost],
    ['certificates to order', effects.certificatesNeeded],
    ['in effect after a restart', effects.needsRestart],
  ];
  return [
    ...shown.map((difference) => differenceText(difference, paint)),
    ...(more > 0 ? [`and ${more} more differences`] : []),
    ...lists
      .filter(([, items]) => items.length > 0)
      .map(([title, items]) => `${title}: ${plainText(items.join(', '))}`),
    ...effects.warnings.map((warning) => `${paint('yellow', 'warning:')} ${plainText(warning)}`),
  ].join('\n');
}

export function appliedText(answer: IAppliedAnswer, paint: TPaint, nowMs: number): string {
  const { dryRun, version, revision, confirmByMs, plan } = answer;
  const lines = [planText(plan, paint)];
  const where = `version ${version}, revision ${revision}`;
  lines.push(dryRun ? `dry run: nothing was changed; ${where} serves` : `${where} serves`);
  if (confirmByMs !== undefined) {
    const left = formatDuration(Math.max(confirmByMs - nowMs, 0));
    lines.push(paint('yellow', `taken back in ${left} unless you run: dcrouter confirm`));
  }
  return lines.join('\n');
}

function differenceText({ path, kind, before, after }: IDifference, paint: TPaint): string {
  const [mark, style] = MARKS[kind];
  const value =
    kind === 'added' ? short(after) : kind === 'removed' ? short(before) : `${short(before)} → ${short(after)}`;
  return paint(style, `${mark} ${plainText(path)}: ${value}`);
}

function short(value: unknown): string {
  const text = plainText(JSON.stringify(value) ?? 'nothing');
  return text.length <= cliLimits.valueChars ? text : `${text.slice(0, cliLimits.valueChars - 1)}…`;
}
