// Writes the report of a replay for people.
import { ranked } from './counter.js';
import { count, millis, percent, seconds, table } from './numbers.js';
import type { LatencySummary, Layer, ReplayReport } from './tally.js';

const LAYERS: ReadonlyArray<[Layer, string]> = [
  ['client', 'total, seen by the client'],
  ['clientHits', 'of these, hits'],
  ['server', 'total, in the server'],
  ['cache', 'cache'],
  ['embeddings', 'embeddings'],
  ['vectordb', 'vector store'],
];

export function replayText(report: ReplayReport): string {
  const { requests, answered, hits } = report;
  const rate = report.seconds > 0 ? `, ${count(answered / report.seconds)}/s` : '';
  const parts = [
    `${count(requests)} requests in ${seconds(report.seconds * 1000)}${rate}; hit rate ${percent(hits, answered)}`,
    section('passes', passRows(report)),
    section('by status', shares(report.byStatus, answered)),
    section('by source', shares(report.bySource, answered)),
    section('hits by tier', shares(report.byTier, answered)),
    section('milliseconds', latencyRows(report)),
    section('errors', shares(report.errors, requests)),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function section(title: string, rows: string[][]): string {
  return rows.length === 0 ? '' : `${title}\n${table(rows)}`;
}

function passRows({ passes }: ReplayReport): string[][] {
  if (passes.length < 2) return [];
  const rows = passes.map((pass, at) => [`pass ${at + 1}`, count(pass.requests), percent(pass.hits, pass.answered)]);
  return [['', 'requests', 'hit rate'], ...rows];
}

function shares(counts: Record<string, number>, of: number): string[][] {
  return ranked(counts).map(([name, times]) => [name, count(times), percent(times, of)]);
}

function latencyRows({ latenciesMs }: ReplayReport): string[][] {
  const rows = LAYERS.flatMap(([layer, name]) => {
    const found = latenciesMs[layer];
    return found ? [latencyRow(name, found)] : [];
  });
  return rows.length === 0 ? [] : [['', 'requests', 'p50', 'p95', 'p99', 'max'], ...rows];
}

function latencyRow(name: string, { count: times, p50, p95, p99, max }: LatencySummary): string[] {
  return [name, count(times), ...[p50, p95, p99, max].map(millis)];
}
