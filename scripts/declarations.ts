// What a package's declaration files export, as text that can be compared.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Exported name → its members or its signature, comments and private parts taken out. */
export type TDeclarations = Record<string, string[]>;
/** Entry point (`.`, `./server`) → what it exports. */
export type TEntries = Record<string, TDeclarations>;

type TTarget = string | { readonly types?: string; readonly default?: string };

/** Reads every entry point of the unpacked or built package in `folder`. */
export function readEntries(folder: string): TEntries {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports?: Record<string, TTarget>;
  };
  const entries: TEntries = {};
  for (const [entry, target] of Object.entries(manifest.exports ?? {})) {
    const file = typeof target === 'string' ? target : (target.types ?? target.default ?? '');
    const path = declarationFile(join(folder, file));
    if (existsSync(path)) entries[entry] = sorted(exportsOf(path, new Set()));
  }
  return entries;
}

const declarationFile = (path: string): string => path.replace(/(?:\.d)?\.[jt]s$/, '.d.ts');

const sorted = (found: TDeclarations): TDeclarations =>
  Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));

function exportsOf(path: string, seen: Set<string>): TDeclarations {
  if (seen.has(path) || !existsSync(path)) return {};
  seen.add(path);
  const text = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found: TDeclarations = {};
  for (const [, from] of text.matchAll(/^export \* from ['"](.+?)['"]/gm)) {
    Object.assign(found, exportsOf(declarationFile(join(dirname(path), from!)), seen));
  }
  for (const [, list] of text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)) {
    for (const item of list!.split(',')) {
      const name = item.trim().split(/\s+/).at(-1)!;
      if (name !== '') found[name] = [];
    }
  }
  for (const [, name] of text.matchAll(/^export \* as (\w+)/gm)) found[name!] = [];
  const declaration =
    /^export (?:declare )?(?:abstract )?(class|interface|type|const|let|function|enum) (\w+)([\s\S]*?)(?=^(?:export|declare|interface|import|type)\b|(?![\s\S]))/gm;
  for (const [, kind, name, body] of text.matchAll(declaration)) found[name!] = membersOf(kind!, body!);
  return found;
}

function membersOf(kind: string, body: string): string[] {
  const [head = '', ...rest] = body.split('\n').map((line) => line.trim());
  const members = rest.filter((line) => line !== '' && line !== '}' && !/^(?:private|#)/.test(line));
  return [`${kind} ${head}`, ...members];
}
