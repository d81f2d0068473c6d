/**
 * The tree of commands as completions need it.
 *
 * @module
 */
import type { Command } from 'commander';

export interface ICommandNode {
  /** Words from the program on, without the program: `routes add`; empty for the program itself. */
  readonly path: string;
  readonly summary: string;
  readonly children: ReadonlyArray<{ readonly name: string; readonly summary: string }>;
  readonly options: readonly IOptionNode[];
  /** Whether an argument of it is a file. */
  readonly takesFile: boolean;
}

export interface IOptionNode {
  readonly long: string;
  readonly short?: string;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly takesFile: boolean;
  readonly choices: readonly string[];
}

/** Every command with its own options, and those of the program that hold everywhere. */
export function commandTree(program: Command): ICommandNode[] {
  return nodesOf(program, []);
}

function nodesOf(command: Command, path: readonly string[]): ICommandNode[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  return [
    {
      path: path.join(' '),
      summary: command.description(),
      children: children.map((child) => ({ name: child.name(), summary: child.description() })),
      options: help.visibleOptions(command).map(optionNode),
      takesFile: command.registeredArguments.some((argument) => ['file', 'newer'].includes(argument.name())),
    },
    ...children.filter((child) => child.name() !== 'help').flatMap((child) => nodesOf(child, [...path, child.name()])),
  ];
}

function optionNode(option: Command['options'][number]): IOptionNode {
  const { long, short, description, required, optional, argChoices, flags } = option;
  return {
    long: long ?? short ?? flags,
    ...(short !== undefined && long !== undefined && { short }),
    summary: description,
    takesValue: required || optional,
    takesFile: /<file>/.test(flags),
    choices: argChoices ?? [],
  };
}
