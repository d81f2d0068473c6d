/**
 * Upstream's main entry: the client and the server as namespace objects.
 *
 * @module
 */
import * as dnsClientMod from '#client';
import * as dnsServerMod from '#server';

export { dnsClientMod, dnsServerMod };
