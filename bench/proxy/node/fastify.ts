// fastify with @fastify/http-proxy, which sends through undici.
import httpProxy from '@fastify/http-proxy';
import { fastify } from 'fastify';
import { UPSTREAM_SOCKETS, scenario, target, tlsOptions } from './scenario.ts';

const https = scenario.kind === 'https' ? tlsOptions() : null;
const app = fastify({ logger: false, keepAliveTimeout: 120_000, https });
await app.register(httpProxy, { upstream: target, undici: { connections: UPSTREAM_SOCKETS, pipelining: 1 } });
await app.listen({ port: scenario.listenPort, host: '127.0.0.1', backlog: 4096 });
