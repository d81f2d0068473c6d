/** @module */
export type { IHandlerRequest, IHandlerResponse } from './http-handlers.ts';
export { SocketHandlers } from './socket-handlers.ts';
