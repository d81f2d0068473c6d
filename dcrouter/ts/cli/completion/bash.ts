/**
 * Completion for bash.
 *
 * @module
 */
import type { ICommandNode } from './tree.ts';

/** A script to be sourced. It works without the package bash-completion. */
export function bashCompletion(nodes: readonly ICommandNode[]): string {
  const global = nodes[0]!.options;
  const cases = nodes.map((node) => {
    const own = node === nodes[0] ? [] : node.options;
    const words = node.children.map(({ name }) => name);
    const flags = [
      ...new Set([...own, ...global].flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]))),
    ];
    return `    '${node.path}') words='${words.join(' ')}'; flags='${flags.join(' ')}'; files=${node.takesFile ? 1 : 0} ;;`;
  });
  const options = nodes.flatMap(({ options: all }) => all).filter(({ takesValue }) => takesValue);
  const longs = [...new Set(options.map(({ long }) => long))];
  const fileOptions = [...new Set(options.filter(({ takesFile }) => takesFile).map(({ long }) => long))];
  const choices = new Map(options.filter((each) => each.choices.length > 0).map((each) => [each.long, each.choices]));
  return `# bash completion for dcrouter; made by: dcrouter completion bash
_dcrouter_lookup() {
  case "$1" in
${cases.join('\n')}
    *) return 1 ;;
  esac
}

_dcrouter() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous='' path='' words='' flags='' files=0 at word
  (( COMP_CWORD > 0 )) && previous=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  case "$previous" in
    ${fileOptions.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${[...choices].map(([long, words]) => `    ${long}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current")); return ;;`).join('\n')}
    ${longs.join('|')}) return ;;
  esac
  for (( at = 1; at < COMP_CWORD; at++ )); do
    word=\${COMP_WORDS[at]}
    case "$word" in
      ${longs.join('|')}) (( at++ )) ;;
      -*) ;;
      *) _dcrouter_lookup "\${path:+$path }$word" && path="\${path:+$path }$word" ;;
    esac
  done
  _dcrouter_lookup "$path"
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *)
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      (( files )) && COMPREPLY+=($(compgen -f -- "$current"))
      ;;
  esac
}

complete -o filenames -F _dcrouter dcrouter`;
}
