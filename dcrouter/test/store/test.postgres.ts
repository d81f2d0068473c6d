import { after, before } from 'node:test';
import { postgresMissing, startPostgres, type IPostgres } from '../../../test/helpers/postgres.ts';
import { storeBattery } from './battery.ts';
import { openPostgres } from './places.ts';

let server: IPostgres;
before(async () => {
  if (!postgresMissing) server = await startPostgres();
});
after(() => server?.stop());

storeBattery('postgres', () => openPostgres(server), postgresMissing);
