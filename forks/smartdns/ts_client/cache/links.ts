/**
 * The order in which cache entries were used: a ring of links around a sentinel, so that moving and removing an
 * entry costs a few pointer writes and never rehashes the map.
 *
 * @module
 */

export interface ILink {
  newer: ILink;
  older: ILink;
}

/** The ring's fixed point: `newer` leads to the least, `older` to the most recently used entry. */
export class LinkHead implements ILink {
  newer: ILink;
  older: ILink;

  constructor() {
    this.newer = this;
    this.older = this;
  }
}

/** Takes a link out of its ring. */
export function unlink(link: ILink): void {
  link.newer.older = link.older;
  link.older.newer = link.newer;
  link.newer = link;
  link.older = link;
}

/** Makes a free link the most recently used one. */
export function linkNewest(head: LinkHead, link: ILink): void {
  link.newer = head;
  link.older = head.older;
  head.older.newer = link;
  head.older = link;
}
