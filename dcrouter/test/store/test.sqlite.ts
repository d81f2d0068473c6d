import { storeBattery } from './battery.ts';
import { openSqlite } from './places.ts';

storeBattery('sqlite', openSqlite);
