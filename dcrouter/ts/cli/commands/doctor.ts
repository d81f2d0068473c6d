/**
 * `doctor`: what is wrong, and what mends it.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import type { IDoctorOptions } from '../doctor/context.ts';
import type { INamedFinding, TLevel } from '../doctor/types.ts';
import { plainText, type TPaint, type TStyle } from '../style.ts';

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description(
      'Look for what is wrong, here and in the running router, and say what mends it. Exit code 1 for errors.',
    )
    .option('--config <file>', 'The document; without it, what the running router serves.')
    .option('--resolver <address>', 'Resolver that is asked whether the world finds our zones.')
    .action(async (options: IDoctorOptions) => {
      const { tokenFile } = program.opts<{ readonly tokenFile?: string }>();
      const [{ contextOf }, { examine }] = await Promise.all([
        import('../doctor/context.ts'),
        import('../doctor/examine.ts'),
      ]);
      const findings = await examine(await contextOf(cli, options, tokenFile));
      if (findings.some(({ level }) => level === 'error')) cli.exitCode = 1;
      await cli.show({ findings }, () => findingsText(findings, cli.paint));
    });
}

const STYLES: Readonly<Record<TLevel, TStyle>> = {
  'ok': 'green',
  'warning': 'yellow',
  'error': 'red',
  'not-checked': 'dim',
};

function findingsText(findings: readonly INamedFinding[], paint: TPaint): string {
  const lines = findings.flatMap(({ check, level, message, remedy }) => [
    `${paint(STYLES[level], level.padEnd(11))} ${check.padEnd(13)} ${plainText(message)}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(26)}→ ${plainText(remedy)}`]),
  ]);
  const count = (level: TLevel): number => findings.filter((each) => each.level === level).length;
  return [
    ...lines,
    '',
    `${count('error')} errors, ${count('warning')} warnings, ${count('not-checked')} not checked`,
  ].join('\n');
}
