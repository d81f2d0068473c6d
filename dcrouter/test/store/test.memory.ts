import { MemoryStore } from '../../ts/store/memory.ts';
import { storeBattery } from './battery.ts';

storeBattery('memory', async () => {
  const store = new MemoryStore({ node: 'one' });
  return { store, end: () => store.close() };
});
