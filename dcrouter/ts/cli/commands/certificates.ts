/**
 * `certs`: what routes serve TLS with.
 *
 * @module
 */
import type { Command } from 'commander';
import type { ICertificate } from '../answers.ts';
import { yamlOf, type Cli } from '../cli.ts';
import { part, withPages, type IPageOptions } from '../options.ts';
import { stateStyle } from '../style.ts';
import type { IColumn } from '../table.ts';
import { leftUntil } from './domains.ts';

const COLUMNS: ReadonlyArray<IColumn<ICertificate>> = [
  { title: 'route', value: ({ route }) => route },
  { title: 'names', value: ({ names }) => names.join(','), shrink: true },
  { title: 'status', value: ({ status }) => status, style: ({ status }) => stateStyle(status) },
  { title: 'source', value: ({ source }) => source },
  { title: 'automatic', value: ({ automatic }) => (automatic ? 'yes' : 'no') },
  { title: 'expires in', value: ({ expiresAtMs }) => leftUntil(expiresAtMs), align: 'right' },
  { title: 'next try in', value: ({ nextTryAtMs }) => leftUntil(nextTryAtMs), align: 'right' },
  { title: 'last failure', value: ({ error }) => error, shrink: true },
];

export function addCertificates(program: Command, cli: Cli): void {
  const certs = program.command('certs').description('Certificates: what routes serve TLS with.');
  withPages(certs.command('list').description('List the certificates of the routes.')).action(
    async (page: IPageOptions) =>
      await cli.list<ICertificate>('/certificates', COLUMNS, { ...page, empty: 'no route has a certificate' }),
  );
  certs
    .command('get')
    .description('Show the certificate of a route.')
    .argument('<route>', 'Name of the route.')
    .action(async (route: string) => await cli.show(await (await cli.client()).get(`/certificates/${part(route)}`)));
  certs
    .command('renew')
    .description('Order a new certificate now.')
    .argument('<route>', 'Name of the route.')
    .action(async (route: string) => {
      const client = await cli.client();
      const response = await client.open('POST', `/certificates/${part(route)}/renew`);
      const late = response.statusCode === 202;
      const chunks = await response.setEncoding('utf8').toArray();
      const certificate = JSON.parse(chunks.join('')) as ICertificate;
      if (late) await cli.note('the order goes on; follow it with: dcrouter events --kind certificate.*');
      await cli.show(certificate, yamlOf);
    });
}
