// The command on the sources, as a process of its own.
import { main } from '../../ts/cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
