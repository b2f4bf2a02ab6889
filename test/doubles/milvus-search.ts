// How the double of Milvus ranks: every vector measured, BM25 over all texts, both fused as the rankers of Milvus do.

export interface Ranked<Row> {
  row: Row;
  distance: number;
}

/** What Milvus calls distance: the cosine, the inner product, or the square of the Euclidean distance. */
export function distanceOf(metric: string, a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, one, i) => sum + one * y[i]!, 0);
  if (metric === 'L2') return a.reduce((sum, one, i) => sum + (one - b[i]!) ** 2, 0);
  const product = dot(a, b);
  return metric === 'IP' ? product : product / Math.sqrt(dot(a, a) * dot(b, b));
}

/** What Milvus takes for the same distance: it then prefers the smaller key (SearchResultPair in segcore). */
const SAME = 1e-6;

export function nearest<Row extends { id: string }>(rows: Ranked<Row>[], metric: string, limit: number): Ranked<Row>[] {
  const sign = metric === 'L2' ? 1 : -1;
  const order = (a: Ranked<Row>, b: Ranked<Row>) =>
    Math.abs(a.distance - b.distance) < SAME ? (a.row.id < b.row.id ? -1 : 1) : sign * (a.distance - b.distance);
  return rows.sort(order).slice(0, limit);
}

const K1 = 1.2;
const B = 0.75;

/** BM25 of the rows that pass, by what is known of all of them. Rows without any of the words are not found. */
export function byWords<Row>(
  all: readonly Row[],
  textOf: (row: Row) => string,
  query: string,
  passes: (row: Row) => boolean,
): Ranked<Row>[] {
  const documents = all.map((row) => ({ row, words: wordsOf(textOf(row)) }));
  const average = documents.reduce((sum, { words }) => sum + words.length, 0) / Math.max(1, documents.length);
  const asked = [...new Set(wordsOf(query))].map((word) => {
    const holding = documents.filter(({ words }) => words.includes(word)).length;
    return { word, weight: Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5)) };
  });
  const scored = documents.map(({ row, words }) => {
    const distance = asked.reduce((sum, { word, weight }) => {
      const often = words.filter((one) => one === word).length;
      return sum + (weight * often * (K1 + 1)) / (often + K1 * (1 - B + (B * words.length) / average));
    }, 0);
    return { row, distance };
  });
  return scored.filter(({ row, distance }) => distance > 0 && passes(row));
}

export interface Rerank {
  strategy?: string;
  params?: { k?: number; weights?: number[]; norm_score?: boolean };
}

/** https://milvus.io/docs/reranking.md */
export function fused<Row extends { id: string }>(
  rankings: Array<{ metric: string; ranked: Ranked<Row>[] }>,
  { strategy, params = {} }: Rerank,
): Ranked<Row>[] {
  const sums = new Map<string, Ranked<Row>>();
  rankings.forEach(({ metric, ranked }, which) => {
    ranked.forEach(({ row, distance }, place) => {
      const share =
        strategy === 'weighted'
          ? params.weights![which]! * (params.norm_score ? comparable(metric, distance) : distance)
          : 1 / (params.k! + place + 1);
      sums.set(row.id, { row, distance: (sums.get(row.id)?.distance ?? 0) + share });
    });
  });
  return [...sums.values()];
}

/** https://github.com/milvus-io/milvus/blob/master/internal/util/function/rerank: scores between 0 and 1. */
function comparable(metric: string, score: number): number {
  if (metric === 'COSINE') return (1 + score) / 2;
  if (metric === 'IP') return 0.5 + Math.atan(score) / Math.PI;
  return metric === 'BM25' ? (2 * Math.atan(score)) / Math.PI : 1 - (2 * Math.atan(score)) / Math.PI;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
