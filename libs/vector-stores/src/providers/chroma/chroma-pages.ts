// Walks through the points of a Chroma collection. Chroma gives no order to go by, so points have places made of their ids.
import type { PointPage, VectorPoint } from '#ports';
import { unknownCursor } from '../list-cursor.js';
import type { KnownCollection } from './chroma-collections.js';
import { current, every } from './chroma-filter.js';
import { ORDER, PLACES, pointsOf } from './chroma-records.js';
import type { ChromaRequests, Where } from './chroma-requests.js';

/** Chroma Cloud gives no more in one reply: https://docs.trychroma.com/cloud/quotas-limits */
const MOST_A_PAGE = 250;

/** Where a walk stands, and how many places it looked at last. */
interface Stretch {
  from: number;
  width: number;
}

export interface PageWanted {
  subject?: string;
  cursor?: string;
  limit: number;
}

/**
 * Points by their places, a stretch at a time: a stretch with more points than a page takes is halved, one with few is
 * doubled for the next page. A point keeps its place for as long as it is there, so each is seen once, whatever comes
 * and goes.
 */
export async function listPage(
  requests: ChromaRequests,
  collection: KnownCollection,
  { subject, cursor, limit }: PageWanted,
  o: { now: number; signal?: AbortSignal | undefined },
): Promise<PointPage> {
  const most = Math.min(limit, MOST_A_PAGE);
  const whose: Where[] = subject === undefined ? [] : [{ resk_subject: subject }];
  for (let { from, width } = stretchOf(cursor); ; width = Math.ceil(width / 2)) {
    const until = Math.min(PLACES, from + width);
    const where = every([{ [ORDER]: { $gte: from } }, { [ORDER]: { $lt: until } }, current(o.now), ...whose]);
    const points = await pointsWhere(requests, collection, where, most + 1, o.signal);
    if (points.length > most && width > 1) continue;
    // More ids than a page takes at one single place: it would take billions of points.
    const next = { from: until, width: points.length * 2 <= most ? width * 2 : width };
    return { points, cursor: until < PLACES ? `${next.from}.${Math.min(PLACES, next.width)}` : undefined };
  }
}

async function pointsWhere(
  requests: ChromaRequests,
  collection: KnownCollection,
  where: Where,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<VectorPoint[]> {
  const asked = { where, limit, include: ['metadatas', 'documents', 'embeddings'] as const };
  const reply = await requests.get(collection.path, { ...asked, include: [...asked.include] }, signal);
  return pointsOf(reply, collection.dimension);
}

function stretchOf(cursor = `0.${PLACES}`): Stretch {
  const [, from, width] = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? [];
  const stretch = { from: Number(from), width: Number(width) };
  if (!(stretch.from < PLACES && stretch.width >= 1 && stretch.width <= PLACES)) throw unknownCursor();
  return stretch;
}
