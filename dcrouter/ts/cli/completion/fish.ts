/**
 * Completion for fish.
 *
 * @module
 */
import type { ICommandNode } from './tree.ts';

/** A script for fish's folder of completions, as `dcrouter.fish`. */
export function fishCompletion(nodes: readonly ICommandNode[]): string {
  const lines = nodes.flatMap((node) => {
    const condition = node.path === '' ? '' : ` -n ${quoted(`__dcrouter_at ${node.path}`)}`;
    const exactly = ` -n ${quoted(`__dcrouter_is ${node.path}`.trim())}`;
    return [
      ...node.children.map(({ name, summary }) => `complete -c dcrouter -f${exactly} -a ${name} -d ${quoted(summary)}`),
      ...node.options.map(({ long, short, summary, takesValue, takesFile, choices }) => {
        const flags = `-l ${long.replace(/^--/, '')}${short === undefined ? '' : ` -s ${short.replace(/^-/, '')}`}`;
        const value = !takesValue
          ? ''
          : choices.length > 0
            ? ` -x -a ${quoted(choices.join(' '))}`
            : takesFile
              ? ' -r -F'
              : ' -x';
        return `complete -c dcrouter${condition} ${flags}${value} -d ${quoted(summary)}`;
      }),
      ...(node.takesFile ? [`complete -c dcrouter${exactly} -F`] : []),
    ];
  });
  const valued = [...new Set(nodes.flatMap(({ options }) => options).filter((each) => each.takesValue))];
  return `# fish completion for dcrouter; made by: dcrouter completion fish
function __dcrouter_words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${[...new Set(valued.map(({ long }) => long))].join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# The words of the command line begin with these.
function __dcrouter_at
    set -l words (__dcrouter_words)
    test (count $words) -ge (count $argv); and test "$words[1..$(count $argv)]" = "$argv"
end

# They are these.
function __dcrouter_is
    test "$(__dcrouter_words | string join ' ')" = "$argv"
end

complete -c dcrouter -f
${lines.join('\n')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
