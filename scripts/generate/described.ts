// What the documents need of a section, and how they write down a setting.
import type { Section, SettingInfo } from '#config';

/** A section without its rule: whatever its settings, it can be described. */
export type Described = Pick<Section, 'name' | 'title' | 'doc' | 'settings'>;

export function settingsOf(part: Described): SettingInfo[] {
  return Object.values(part.settings);
}

/** A file made from code: its path in the repository, and its text as it should be. */
export interface GeneratedFile {
  path: string;
  text: string;
}

/** Breaks a text into lines of at most `width` characters, between words. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A Markdown table. Cells may hold any text. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(asCell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

function asCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
