import { networkInterfaces } from 'node:os';

/** Why a test over IPv6 cannot run here; false where it can. Containers often have none. */
export const withoutIpv6: string | false = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1')
  ? false
  : 'this machine has no ::1';
