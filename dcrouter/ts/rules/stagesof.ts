/**
 * Where a rule is asked.
 *
 * @module
 */
import type { TRuleAction, TRuleConfig } from '../config/schema/rules.ts';
import { RuleError } from './lang/error.ts';
import { partsOf, type TTyped } from './lang/typed.ts';
import { ALL_STAGES, STAGE, stageBits, stageNames } from './stages.ts';

/** Stages at which somebody comes: each once per connection, query or mail dialogue. */
const ENTRANCES = STAGE.connection | STAGE.query | STAGE.mail;
const CONNECTED = STAGE.connection | STAGE.request;

/** Actions that would happen twice to the same client if they were asked at its connection and again at its requests. */
const ONCE: ReadonlySet<TRuleAction['type']> = new Set(['rate-limit', 'tarpit', 'tag', 'log']);

/**
 * Bits of the stages of a rule: those that it names itself, otherwise all at which its fields can be known and its action
 * means something. Actions that should happen once are then left to the first stage, unless the expression names fields
 * of a later one.
 *
 * @throws RuleError when there is none
 */
export function stagesOf(config: TRuleConfig, typed: TTyped, actionStages: number): number {
  const possible = typed.stages & actionStages;
  if (config.stages !== undefined) {
    const wanted = stageBits(config.stages);
    const beyond = wanted & ~possible;
    if (beyond === 0) return wanted;
    const known = possible === 0 ? 'none' : stageNames(possible).join(', ');
    throw new RuleError(`got ${stageNames(beyond).join(', ')}, but expression and action go together at: ${known}`);
  }
  const stages = ONCE.has(config.action.type) ? possible & (ENTRANCES | namedStages(typed)) : possible;
  if (stages !== 0) return stages;
  throw new RuleError(
    `${config.action.type} means something at ${stageNames(actionStages).join(', ')}, ` +
      `but the fields of the expression are known at ${stageNames(typed.stages).join(', ')}`,
  );
}

/** The stages that fields of one protocol name. */
function namedStages(typed: TTyped): number {
  const parts = partsOf(typed);
  if (parts.length > 0) return parts.reduce((bits, part) => bits | namedStages(part), 0);
  return typed.stages === ALL_STAGES || typed.stages === CONNECTED ? 0 : typed.stages;
}
