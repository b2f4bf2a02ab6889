// SVG as text: elements, words that cannot break it, and the colours that Grafana calls by name.

export const COLOURS: Record<string, string> = {
  green: '#73bf69',
  yellow: '#fade2a',
  red: '#f2495c',
  blue: '#5794f2',
  orange: '#ff9830',
  purple: '#b877d9',
};

export const THEME = {
  page: '#111217',
  panel: '#181b1f',
  border: '#2c3235',
  grid: '#2a2d33',
  text: '#d8d9da',
  faint: '#8e9196',
  empty: '#2b2e34',
};

/** For series without a colour of their own, in the order of their names. */
export const PALETTE = [
  '#73bf69',
  '#5794f2',
  '#ff9830',
  '#f2cc0c',
  '#b877d9',
  '#8ab8ff',
  '#f2495c',
  '#37872d',
  '#fa6400',
  '#1f60c4',
  '#e0b400',
  '#8f3bb8',
  '#96d98d',
  '#ffcb7d',
];

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

type Attributes = Record<string, string | number | undefined>;

export function element(name: string, attributes: Attributes, ...inside: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escaped(value!)}"`)
    .join('');
  return inside.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${inside.join('')}</${name}>`;
}

/** Words from a point on; cut where they would be wider than `width`. */
export function words(
  text: string,
  x: number,
  y: number,
  o: Attributes & { size?: number; width?: number } = {},
): string {
  const { size = 12, width, ...rest } = o;
  const shown = width === undefined ? text : cut(text, Math.floor(width / (size * 0.53)));
  return element('text', { x, y, fill: THEME.text, 'font-size': size, ...rest }, escaped(shown));
}

export function rectangle({ x, y, w, h }: Box, attributes: Attributes): string {
  return element('rect', { x, y, width: Math.max(w, 0), height: Math.max(h, 0), ...attributes });
}

/** A name of Grafana's, or a colour as it is. */
export function colourOf(name: string): string {
  return COLOURS[name] ?? name;
}

export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(characters - 1, 1))}…`;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
