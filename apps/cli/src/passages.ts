// Cuts Markdown and plain text into passages of a bounded length that overlap, at headings, paragraphs and sentences.
import { marked, type Token } from 'marked';

export interface Cut {
  /** Characters in a passage, at most. */
  size: number;
  /** Characters at the end of a passage that the next one of the same section begins with, at most. */
  overlap: number;
}

export interface Passage {
  text: string;
  /** Line on which it begins; the first line of the file is 1. */
  line: number;
  /** Headings that it stands under, outermost first. */
  headings: readonly string[];
}

/** A piece of text that belongs together, as long as it fits. */
interface Block {
  text: string;
  line: number;
  /** Goes on with the paragraph of the block before it. */
  continues?: boolean;
}

interface Section {
  headings: readonly string[];
  blocks: Block[];
}

const FRONT_MATTER = /^---\r?\n[\s\S]*?\r?\n---\r?\n/;

/** Every section of its own: a passage never spans a heading. Front matter is left out; code and tables stay whole where they fit. */
export function markdownPassages(text: string, cut: Cut): Passage[] {
  const front = FRONT_MATTER.exec(text)?.[0] ?? '';
  const sections: Section[] = [{ headings: [], blocks: [] }];
  let line = 1 + linesIn(front);
  for (const token of marked.lexer(text.slice(front.length))) {
    if (token.type === 'heading') sections.push({ headings: headingsUnder(sections.at(-1)!, token), blocks: [] });
    else if (token.type !== 'space') sections.at(-1)!.blocks.push({ text: token.raw.trim(), line });
    line += linesIn(token.raw);
  }
  return sections.flatMap((section) => passagesOf(section, cut));
}

/** Paragraphs are what blank lines part. */
export function plainPassages(text: string, cut: Cut): Passage[] {
  const blocks: Block[] = [];
  let line = 1;
  for (const part of text.split(/(\r?\n[ \t]*\r?\n\s*)/)) {
    if (part.trim() !== '') blocks.push({ text: part.trim(), line: line + linesIn(/^\s*/.exec(part)![0]) });
    line += linesIn(part);
  }
  return passagesOf({ headings: [], blocks }, cut);
}

function headingsUnder({ headings }: Section, heading: Token): string[] {
  const { depth, text } = heading as { depth: number; text: string };
  const above = Array.from({ length: depth - 1 }, (_, at) => headings[at] ?? '');
  return [...above, text.trim()];
}

function passagesOf({ headings, blocks }: Section, cut: Cut): Passage[] {
  const named = headings.filter((one) => one !== '');
  const pieces = blocks.flatMap((block) => (block.text.length <= cut.size ? [block] : smaller(block, cut.size)));
  const passages: Passage[] = [];
  let open: Block[] = [];
  const length = () => open.reduce((sum, { text }) => sum + text.length + PARAGRAPH.length, 0);
  const close = () => passages.push({ text: joined(open), line: open.at(-1) ? open[0]!.line : 1, headings: named });
  for (const piece of pieces) {
    if (open.length > 0 && length() + piece.text.length > cut.size) {
      close();
      open = tail(open, Math.min(cut.overlap, cut.size - piece.text.length - PARAGRAPH.length));
    }
    open.push(piece);
  }
  if (open.length > 0) close();
  return passages;
}

const PARAGRAPH = '\n\n';

function joined(blocks: readonly Block[]): string {
  return blocks.reduce(
    (all, { text, continues }) => (all === '' ? text : `${all}${continues ? ' ' : PARAGRAPH}${text}`),
    '',
  );
}

/** The last sentences of what was written, as far as they fit. */
function tail(blocks: readonly Block[], most: number): Block[] {
  let kept = '';
  for (const sentence of sentencesOf(joined(blocks)).reverse()) {
    if (sentence.length + kept.length > most) break;
    kept = sentence + kept;
  }
  return kept.trim() === '' ? [] : [{ text: kept.trim(), line: blocks.at(-1)!.line }];
}

/** Pieces of a block that is too long: whole sentences, else whole words, else characters. */
function smaller({ text, line }: Block, size: number): Block[] {
  const pieces: Block[] = [];
  let open = '';
  let passed = 0;
  const close = () => {
    const continues = pieces.length > 0;
    if (open.trim() !== '') pieces.push({ text: open.trim(), line: line + linesIn(text.slice(0, passed)), continues });
    passed += open.length;
    open = '';
  };
  for (const part of sentencesOf(text).flatMap((sentence) => fitting(sentence, size))) {
    if (open.length + part.length > size) close();
    open += part;
  }
  close();
  return pieces;
}

function fitting(sentence: string, size: number): string[] {
  if (sentence.length <= size) return [sentence];
  return sentence.split(/(?<=\s)/).flatMap((word) => (word.length <= size ? [word] : slices(word, size)));
}

/** Never through the middle of a character. */
function slices(word: string, size: number): string[] {
  const parts: string[] = [];
  let open = '';
  for (const character of word) {
    if (open.length + character.length > size) {
      parts.push(open);
      open = '';
    }
    open += character;
  }
  return open === '' ? parts : [...parts, open];
}

const SENTENCES = new Intl.Segmenter(undefined, { granularity: 'sentence' });

function sentencesOf(text: string): string[] {
  return Array.from(SENTENCES.segment(text), ({ segment }) => segment);
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}
