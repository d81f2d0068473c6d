// `npm start`: the router on the shipped example with two example backends, or on the user's own configuration.
//
//   npm start                      the example
//   npm start -- --config FILE     a configuration of one's own
import { type DcRouter, guarded, main, runUntilSignal, StartError } from '@dcrouter/dcrouter';
import { join } from 'node:path';
import { startExampleBackends } from '../dcrouter/examples/backends.ts';

const exampleFile = join(import.meta.dirname, '../dcrouter/examples/example.yaml');

function port(name: string, fallback: number): number {
  return Number(process.env[name] || fallback);
}

function printExample(router: DcRouter): void {
  const { api, proxyPorts, dns } = router.addresses();
  const http = port('DCROUTER_HTTP_PORT', 8080);
  const https = port('DCROUTER_HTTPS_PORT', 8443);
  console.log(`
dcrouter is running on ${exampleFile}
  HTTP, HTTPS   127.0.0.1 ports ${proxyPorts.join(', ')}
  DNS           ${dns?.address} port ${dns?.udpPort} (UDP and TCP), zone example.test
  management    http://${api.address}:${api.port}

try
  curl -H 'Host: app.example.test' http://127.0.0.1:${http}/
  dig @127.0.0.1 -p ${dns?.udpPort} app.example.test A
  curl http://${api.address}:${api.port}/metrics

also
  curl -k --resolve app.example.test:${https}:127.0.0.1 https://app.example.test:${https}/
  curl -k --resolve secure.example.test:${https}:127.0.0.1 https://secure.example.test:${https}/
Ctrl-C stops everything.
`);
}

async function runExample(): Promise<number> {
  const httpPort = port('DCROUTER_BACKEND_PORT', 18_081);
  const httpsPort = port('DCROUTER_TLS_BACKEND_PORT', 18_443);
  const backends = await startExampleBackends(httpPort, httpsPort).catch((error: NodeJS.ErrnoException) => {
    throw new StartError(
      `an example backend cannot listen on 127.0.0.1 ports ${httpPort} and ${httpsPort}: ${error.code ?? error.message}`,
    );
  });
  try {
    // The backends stay with this process, which waits for its successors.
    return await runUntilSignal(exampleFile, printExample, [process.argv[1]!, '--config', exampleFile]);
  } finally {
    await backends.close();
  }
}

const args = process.argv.slice(2);
process.exitCode = args.length === 0 ? await guarded(runExample) : await main(args);
