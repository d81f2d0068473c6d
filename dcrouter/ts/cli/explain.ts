/**
 * Why rules decided as they did, as a tree for people.
 *
 * @module
 */
import type { IExplainedPart, IExplainedRule, IExplanation } from '../rules/types.ts';
import { plainText, type TPaint } from './style.ts';

const WHY_NOT = {
  'other-stage': 'not asked: it is for another stage',
  'disabled': 'not asked: it is not enabled',
  'decided-before': 'not asked: an earlier rule had decided',
} as const;

export function explanationText(facts: object, explanation: IExplanation, paint: TPaint): string {
  const { stage, rules, decision, decidedBy, effects } = explanation;
  const by = decidedBy === undefined ? 'no rule decided' : `decided by ${decidedBy}`;
  return [
    plainText(`facts (${stage}): ${JSON.stringify(facts)}`),
    ...rules.flatMap((rule) => ruleLines(rule, paint)),
    ...effects.map(({ rule, effect }) => plainText(`effect of ${rule}: ${effect}`)),
    `${paint('bold', `decision: ${plainText(decision)}`)} (${plainText(by)})`,
  ].join('\n');
}

function ruleLines({ name, matched, asked, when }: IExplainedRule, paint: TPaint): string[] {
  if (asked !== 'asked') return [paint('dim', plainText(`rule ${name}: ${WHY_NOT[asked]}`))];
  const verdict = matched ? paint('green', 'matches') : paint('red', 'does not match');
  return [`rule ${plainText(name)}: ${verdict}`, ...(when === undefined ? [] : partLines(when, '', true))];
}

function partLines(part: IExplainedPart, indent: string, last: boolean): string[] {
  const value = part.value === undefined ? 'absent' : JSON.stringify(part.value);
  const line = plainText(`${part.text}  = ${value}`);
  const parts = part.parts ?? [];
  const below = `${indent}${last ? '   ' : '│  '}`;
  return [
    `${indent}${last ? '└─ ' : '├─ '}${line}`,
    ...parts.flatMap((each, at) => partLines(each, below, at === parts.length - 1)),
  ];
}
