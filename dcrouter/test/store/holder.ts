/**
 * A process that opens the SQLite store of a folder, says how that went, and closes it when told `release`.
 *
 * @module
 */
import { audit, put } from './values.ts';
import { open } from './places.ts';

const folder = process.argv[2]!;
try {
  const store = await open({ type: 'sqlite', path: './state.db' }, folder);
  await store.objects.change([put('app', 1)], await store.objects.revision(), audit());
  process.on('message', () => void store.close());
  process.send!('open');
} catch (error) {
  process.send!(String((error as { code?: string }).code));
}
