// The chart's values: their JSON schema, the commented list of settings in values.yaml, and their table in the docs.
import { isMap, isScalar, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { SettingInfo } from '#config';
import { CHART_VALUES, group, type ValueSchema } from './chart-values.js';
import { type Described, settingsOf, table, wrapped } from './described.js';

/** Variables that the chart sets itself, from its own values or from how the pod is made. */
export const SET_BY_CHART = [
  ...['NODE_ENV', 'HOST', 'PORT', 'DATA_DIR'],
  ...['TLS_CERT', 'TLS_KEY', 'TLS_CLIENT_CA', 'TLS_CLIENT_AUTH'],
];

const BEGIN = '  # settings: made by npm run generate, do not edit between here and the end';
const END = '  # end of settings';

/** A value of values.yaml, by its path, with the comment above it. */
interface Value {
  path: string;
  meaning: string;
  node: Node | null;
  /** Whether it has values of its own, each with a line of its own. */
  opened: boolean;
}

/** The settings that belong in a ConfigMap: what is no secret, and not the chart's own affair. */
export function plainSettings(parts: readonly Described[]): SettingInfo[] {
  return parts.flatMap(settingsOf).filter(({ env, secret }) => !secret && !SET_BY_CHART.includes(env));
}

/** `values` is the text of values.yaml, whose comments describe the chart's own values. */
export function valuesSchema(parts: readonly Described[], values = ''): string {
  const meanings = new Map(valuesIn(values).map(({ path, meaning }) => [path, meaning]));
  const settings = plainSettings(parts).map((one) => [one.env, { description: one.doc, ...one.jsonSchema }]);
  const own = Object.entries(CHART_VALUES).map(([name, one]) => [name, described(one, name, meanings)]);
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Made by npm run generate. Do not edit.',
    ...group({
      global: { type: 'object', description: 'Of a chart around this one; not looked at.' },
      ...(Object.fromEntries(own) as Record<string, ValueSchema>),
      config: {
        description: 'Settings of the server by the names of its variables; see docs/CONFIGURATION.md. No secrets.',
        ...group(Object.fromEntries(settings) as Record<string, ValueSchema>),
      },
    }),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** values.yaml with the list of settings between its two marks renewed; everything else stays. */
export function withSettings(values: string, parts: readonly Described[]): string {
  const [begin, end] = [values.indexOf(BEGIN), values.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`values.yaml lacks its marks:\n${BEGIN}\n${END}`);
  // What values.yaml itself sets is not offered a second time.
  const unset = plainSettings(parts).filter(({ env }) => !values.includes(`\n  ${env}: `));
  const entries = unset.flatMap((one) => [
    ...wrapped(one.doc, 110).map((line) => `  # ${line}`),
    `  # ${one.env}: ${asValue(one)}`.trimEnd(),
  ]);
  return `${values.slice(0, begin)}${[BEGIN, ...entries].join('\n')}\n${values.slice(end)}`;
}

const INTRODUCTION = `<!-- Made by npm run generate from helm/resk-caching/values.yaml and its schema. Do not edit. -->
# Values of the chart

How they belong together is told in [KUBERNETES.md](KUBERNETES.md). The settings of the server stand under \`config\`, by the
names of [CONFIGURATION.md](CONFIGURATION.md); its secrets do not: they come from a Secret. A value that is not listed, or has
another form, is refused by Helm with its name.`;

/** docs/KUBERNETES_VALUES.md: every value of the chart itself with its form, default and meaning. */
export function valuesDocument(values: string): string {
  const chapters = valuesIn(values).filter(({ path }) => !path.includes('.') && path !== 'config');
  const all = valuesIn(values).filter(({ path, opened }) => !opened && !path.startsWith('config'));
  const rows = (of: Value[]) =>
    of.map(({ path, meaning, node }) => [`\`${path}\``, formOf(schemaAt(path)), `\`${written(node)}\``, meaning]);
  const head = ['Value', 'Form', 'Default', 'Meaning'];
  const alone = all.filter(({ path }) => !path.includes('.'));
  const groups = chapters.flatMap(({ path, meaning }) => {
    const within = all.filter((one) => one.path.startsWith(`${path}.`));
    return within.length === 0 ? [] : [`## ${path}\n\n${meaning}\n\n${table(head, rows(within))}`];
  });
  return `${[INTRODUCTION, table(head, rows(alone)), ...groups].join('\n\n')}\n`;
}

/** Every value of the text, those within values after the one that holds them. */
export function valuesIn(text: string): Value[] {
  const { contents } = parseDocument(text);
  return isMap(contents) ? under(contents, '') : [];
}

function under(map: YAMLMap, prefix: string): Value[] {
  return map.items.flatMap(({ key, value }, at) => {
    if (!isScalar(key)) return [];
    const path = `${prefix}${String(key.value)}`;
    // The parser gives a comment above the first value to the map that begins there.
    const comment = (at === 0 ? map.commentBefore : undefined) ?? key.commentBefore ?? '';
    const opened = isMap(value) && !value.flow && value.items.length > 0 && schemaAt(path)?.properties !== undefined;
    const one = { path, meaning: meaningOf(comment, path), node: value as Node | null, opened };
    return opened ? [one, ...under(value as YAMLMap, `${path}.`)] : [one];
  });
}

function meaningOf(comment: string, path: string): string {
  const paragraph = comment.split('\n\n').at(-1) ?? '';
  const lines = paragraph.split('\n').map((line) => line.trim());
  // An indented line is a command to copy, and no part of the sentence.
  const told = lines.filter((_, at) => !paragraph.split('\n')[at]!.startsWith('   ')).join(' ');
  if (told !== '') return told;
  return path.endsWith('.enabled') ? 'Whether it is there.' : `As Kubernetes has it: ${path.split('.').at(-1)}.`;
}

function schemaAt(path: string): ValueSchema | undefined {
  const [first, ...rest] = path.split('.');
  return rest.reduce<ValueSchema | undefined>((schema, name) => schema?.properties?.[name], CHART_VALUES[first!]);
}

function described(schema: ValueSchema, path: string, meanings: Map<string, string>): ValueSchema {
  const meaning = meanings.get(path);
  const inner = Object.entries(schema.properties ?? {}).map(([name, one]) => [
    name,
    described(one, `${path}.${name}`, meanings),
  ]);
  return {
    ...(meaning && { description: meaning }),
    ...schema,
    ...(schema.properties && { properties: Object.fromEntries(inner) as Record<string, ValueSchema> }),
  };
}

function formOf(schema: ValueSchema | undefined): string {
  if (!schema) return 'anything';
  if (schema.enum) return `one of ${schema.enum.map((one) => (one === '' ? 'empty' : String(one))).join(', ')}`;
  const types = [schema.type ?? 'anything'].flat() as string[];
  return types.map((type) => ({ integer: 'whole number', array: 'list', string: 'text' })[type] ?? type).join(' or ');
}

function written(node: Node | null): string {
  return JSON.stringify(node?.toJSON() ?? null);
}

/** As YAML wants it by the schema: numbers and flags bare, texts in quotes, nothing where nothing is the default. */
function asValue({ default: fallback, example, jsonSchema }: SettingInfo): string {
  const text = fallback || example;
  if (text === undefined) return '';
  return ['integer', 'number', 'boolean'].includes(jsonSchema.type as string) ? text : JSON.stringify(text);
}
