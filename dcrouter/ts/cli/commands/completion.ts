/**
 * `completion`: scripts that let a shell complete the command.
 *
 * @module
 */
import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { commandTree, type ICommandNode } from '../completion/tree.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const satisfies Readonly<
  Record<string, (nodes: readonly ICommandNode[]) => string>
>;

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('Print a script that lets a shell complete this command; in bash: source <(dcrouter completion bash)')
    .addArgument(new Argument('<shell>', 'Which one.').choices(Object.keys(SHELLS)))
    .action(async (shell: keyof typeof SHELLS) => await cli.say(SHELLS[shell](commandTree(program))));
}
