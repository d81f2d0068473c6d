// Loaded with --import before a test in upstream's spelling: its imports of upstream's sources and test bundle lead to
// the package under test (PATCHED_PACKAGE) and to the shim.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const packageFolder = process.env['PATCHED_PACKAGE'] ?? '';
const packageUrl = pathToFileURL(join(packageFolder, 'package.json')).href;
const shim = new URL('tapbundle.ts', import.meta.url).href;
const SOURCES = /^\.\.\/(ts(?:_server|_client)?\/.+)$/;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === '@git.zone/tstest/tapbundle') return { url: shim, shortCircuit: true };
    const source = SOURCES.exec(specifier)?.[1];
    if (source === undefined) {
      // A test may import what the package depends on, and finds it where the package does.
      const fromTest = context.parentURL?.includes('/tests/') === true && !specifier.startsWith('.');
      return nextResolve(specifier, fromTest ? { ...context, parentURL: packageUrl } : context);
    }
    return { url: pathToFileURL(join(packageFolder, `dist_${source}`)).href, shortCircuit: true };
  },
});
