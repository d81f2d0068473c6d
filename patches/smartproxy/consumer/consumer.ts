import { SmartProxy } from '@push.rocks/smartproxy';
import { observeConnections } from '@push.rocks/smartproxy/dist_ts/proxies/smart-proxy/index.js';

const proxy = new SmartProxy({ routes: [] });
export const active: number = observeConnections(proxy).getActiveConnections();
