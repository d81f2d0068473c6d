#!/usr/bin/env node
// The built command; under the condition `dcrouter-source` the sources, which need no build.
import { main } from '#command';

process.exitCode = await main(process.argv.slice(2));
