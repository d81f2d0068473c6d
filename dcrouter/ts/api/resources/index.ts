/**
 * Every resource of the management API.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import type { ApiContext } from '../context.ts';
import { addAudit } from './audit.ts';
import { addBackup } from './backup.ts';
import { addCertificates } from './certificates.ts';
import { addConfig } from './config.ts';
import { addConnections } from './connections.ts';
import { addDomains } from './domains.ts';
import { addEvents } from './events.ts';
import { addLogs } from './logs.ts';
import { addProcess } from './process.ts';
import { addRecords } from './records.ts';
import { addRoutes } from './routes.ts';
import { addRules } from './rules.ts';
import { addStatus } from './status.ts';
import { addTokens } from './tokens.ts';
import { addUpstreams } from './upstreams.ts';
import { addZones } from './zones.ts';

/** In the order of the documentation. */
const RESOURCES: ReadonlyArray<(app: FastifyInstance, context: ApiContext) => void> = [
  addStatus,
  addConnections,
  addRoutes,
  addDomains,
  addZones,
  addRecords,
  addRules,
  addCertificates,
  addUpstreams,
  addConfig,
  addLogs,
  addEvents,
  addTokens,
  addAudit,
  addBackup,
  addProcess,
];

export function addResources(app: FastifyInstance, context: ApiContext): void {
  for (const add of RESOURCES) add(app, context);
}
