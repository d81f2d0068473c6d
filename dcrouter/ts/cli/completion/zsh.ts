/**
 * Completion for zsh.
 *
 * @module
 */
import type { ICommandNode, IOptionNode } from './tree.ts';

/** A script for a folder of `fpath`, as `_dcrouter`, or to be sourced. */
export function zshCompletion(nodes: readonly ICommandNode[]): string {
  const global = nodes[0]!.options;
  const functions = nodes.map((node) => {
    const own = node === nodes[0] ? [] : node.options;
    const options = [...own, ...global.filter(({ long }) => !own.some((each) => each.long === long))];
    const specs = options.flatMap(optionSpecs).map((spec) => `    ${spec} \\`);
    const children = node.children.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`);
    const rest =
      node.children.length > 0
        ? `    '1: :->command' '*:: :->rest' && return
  case $state in
    command)
      commands=(
${children.join('\n')}
      )
      _describe command commands ;;
    rest) (( $+functions[${functionName(node.path)}_$words[1]] )) && ${functionName(node.path)}_$words[1] ;;
  esac`
        : `    ${node.takesFile ? "'*:file:_files'" : "'*: :'"}`;
    return `${functionName(node.path)}() {
  local curcontext="$curcontext" state line
  local -a commands
  _arguments -C \\
${specs.join('\n')}
${rest}
}`;
  });
  return `#compdef dcrouter
# zsh completion for dcrouter; made by: dcrouter completion zsh

${functions.join('\n\n')}

if [[ "$funcstack[1]" = _dcrouter ]]; then _dcrouter "$@"; else compdef _dcrouter dcrouter; fi`;
}

function optionSpecs({ long, short, summary, takesValue, takesFile, choices }: IOptionNode): string[] {
  const values = choices.length > 0 ? `(${choices.join(' ')})` : takesFile ? '_files' : ' ';
  const text = `[${summary.replaceAll(/[[\]\\:]/g, '\\$&')}]${takesValue ? `:value:${values}` : ''}`;
  return [long, ...(short === undefined ? [] : [short])].map((flag) => quoted(`*${flag}${text}`));
}

function functionName(path: string): string {
  return ['_dcrouter', ...path.split(' ').filter((word) => word !== '')].join('_');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
