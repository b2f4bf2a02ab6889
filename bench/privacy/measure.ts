// Compares what a guard finds with what is labelled, kind by kind.
import type { PrivacyConfig, TextGuard } from '#privacy';
import type { Labelled } from './labelled-set.js';

/** Those that are on by default; addresses of networks are off. */
export const DETECTORS: PrivacyConfig = {
  detectors: ['contact', 'finance', 'identity', 'secrets'],
  options: {},
  personal: 'store',
  secret: 'skip',
};

export interface Score {
  kind: string;
  /** Texts labelled with the kind. */
  labelled: number;
  /** Of those, found over their whole length as this kind. */
  found: number;
  /** Findings of the kind where nothing, or another kind, is labelled. */
  wrong: number;
  precision: number;
  recall: number;
}

export interface Measured {
  scores: Score[];
  /** Labelled texts that were missed, and findings that are wrong: what to look at next. */
  missed: Labelled[];
  wrong: Array<{ text: string; kind: string; found: string }>;
}

/** A redaction that leaves a part of a value is none: it counts as missed. */
export async function measure(guard: TextGuard, set: readonly Labelled[]): Promise<Measured> {
  const counts = new Map(guard.kinds.map((kind) => [kind, { labelled: 0, found: 0, wrong: 0 }]));
  const measured: Measured = { scores: [], missed: [], wrong: [] };
  for (const one of set) {
    const { label, text } = one;
    const findings = await guard.inspect(text);
    const isRight = (at: (typeof findings)[number]) =>
      label !== undefined && at.kind === label.kind && at.start <= label.start && at.end >= label.end;
    if (label) {
      counts.get(label.kind)!.labelled++;
      if (findings.some(isRight)) counts.get(label.kind)!.found++;
      else measured.missed.push(one);
    }
    for (const { kind, start, end } of findings.filter((at) => !isRight(at))) {
      counts.get(kind)!.wrong++;
      measured.wrong.push({ text, kind, found: text.slice(start, end) });
    }
  }
  for (const [kind, { labelled, found, wrong }] of counts) {
    const [precision, recall] = [share(found, found + wrong), share(found, labelled)];
    measured.scores.push({ kind, labelled, found, wrong, precision, recall });
  }
  return measured;
}

/** All kinds together. */
export function total(scores: readonly Score[]): Score {
  const sum = (of: (score: Score) => number) => scores.reduce((all, score) => all + of(score), 0);
  const [labelled, found, wrong] = [sum((s) => s.labelled), sum((s) => s.found), sum((s) => s.wrong)];
  return {
    kind: 'all',
    labelled,
    found,
    wrong,
    precision: share(found, found + wrong),
    recall: share(found, labelled),
  };
}

/** A table in Markdown. */
export function tableOf(scores: readonly Score[]): string {
  const rows = [...scores, total(scores)].map(
    ({ kind, labelled, found, wrong, precision, recall }) =>
      `| ${kind} | ${labelled} | ${found} | ${wrong} | ${precision.toFixed(3)} | ${recall.toFixed(3)} |`,
  );
  return ['| kind | labelled | found | wrong | precision | recall |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
