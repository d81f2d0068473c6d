/**
 * Colours, where somebody looks and wants them.
 *
 * @module
 */
import { styleText } from 'node:util';
import type { IIo } from './io.ts';

export type TStyle = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Puts a style around a text, or leaves it as it is. */
export type TPaint = (style: TStyle, text: string) => string;

/** Paints on terminals unless `NO_COLOR` is set (no-color.org) or the terminal is a dumb one. */
export function painterFor({ out, env }: Pick<IIo, 'out' | 'env'>): TPaint {
  const wanted = out.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return wanted ? (style, text) => styleText(style, text, { validateStream: false }) : plainPaint;
}

export const plainPaint: TPaint = (_style, text) => text;

/** By the words that the API uses for how something is. */
export function stateStyle(state: string): TStyle | undefined {
  if (['ready', 'valid', 'ok', 'active', 'done', 'yes'].includes(state)) return 'green';
  if (['drain', 'pending', 'unconfirmed', 'warning', 'refused'].includes(state)) return 'yellow';
  return ['disabled', 'expired', 'error', 'failed', 'reverted', 'no'].includes(state) ? 'red' : undefined;
}

/**
 * Text that came from elsewhere, without control characters: a name that a client sent must not command the terminal.
 */
export function plainText(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
