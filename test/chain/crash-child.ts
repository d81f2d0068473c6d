// A router on a SQLite store that is told by its parent what to change, and says when a change has been acknowledged.
//
//   crash-child.ts FILE      then one JSON order per message
import { RouterProcess, createLogger, type TObjectChange } from '@dcrouter/dcrouter';

export type TOrder =
  { readonly document: string; readonly step: number } | { readonly objects: TObjectChange[]; readonly step: number };

const running = await RouterProcess.start(process.argv[2]!, {
  logger: createLogger({ level: 'silent', format: 'json' }),
});
const { control } = running;

process.on('message', (order: TOrder) => {
  const by = { by: 'token:crash' };
  const change =
    'document' in order
      ? control.apply({ file: process.argv[2]!, text: order.document, source: 'api' }, by)
      : control.applyObjects(order.objects, by);
  change.then(
    () => process.send!({ acknowledged: order.step }),
    (error: unknown) => process.send!({ refused: order.step, error: String(error) }),
  );
});
process.send!({ ready: true });
