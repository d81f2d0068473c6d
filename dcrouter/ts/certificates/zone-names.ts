/**
 * Which zone a name lies in.
 *
 * @module
 */

/** The zone that is nearest to a name, as it was given; undefined for none. Names compare without case and final dot. */
export function zoneHolding(name: string, zones: readonly string[]): string | undefined {
  const wanted = `.${plain(name)}`;
  let best: string | undefined;
  for (const zone of zones) {
    const holds = plain(zone) === '' || wanted.endsWith(`.${plain(zone)}`);
    if (holds && (best === undefined || plain(zone).length > plain(best).length)) best = zone;
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
