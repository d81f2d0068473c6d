// The generated part of docs/cli.md.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { processIo } from '../../ts/cli/io.ts';
import { createProgram } from '../../ts/cli/program.ts';

export const page = new URL('../../docs/cli.md', import.meta.url).pathname;

const BEGIN = '<!-- generated: UPDATE_DOCS=1 npm test -- cli/test.reference -->';
const END = '<!-- end of what is generated -->';

/** The page with its generated part made anew. */
export function withReference(): string {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has no place for what is generated`);
  const { program } = createProgram(processIo(), async () => 0);
  return `${before}${BEGIN}\n\n${sections(program).join('\n\n')}\n\n${END}${after}`;
}

function sections(program: Command): string[] {
  return [
    options(program, 'With every command:'),
    ...program.commands.flatMap((command) => [`### ${command.name()}`, ...commandsOf(command)]),
  ].filter((section) => section !== '');
}

function commandsOf(command: Command): string[] {
  if (command.commands.length > 0) return [command.description(), ...command.commands.flatMap(commandsOf)];
  const args = command.registeredArguments.map(
    (argument) => `- \`${argument.name()}\`: ${prose(argument.description)}`,
  );
  return [
    `**\`${fullName(command)} ${command.usage()}\`**`,
    prose(command.description()),
    [...args, options(command, '')].filter((line) => line !== '').join('\n'),
  ];
}

function options(command: Command, title: string): string {
  const shown = command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help');
  const lines = shown.map(({ flags, description }) => `- \`${flags}\`: ${prose(description)}`);
  return title === '' ? lines.join('\n') : `${title}\n\n${lines.join('\n')}`;
}

function fullName(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}

/** Stars and brackets mean something in Markdown. */
function prose(text: string): string {
  return text.replaceAll(/(\S*[*<_]\S*[^\s.,;:])/g, '`$1`');
}
