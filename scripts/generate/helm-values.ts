// The chart's values: their JSON schema, and the commented list of settings in values.yaml.
import type { SettingInfo } from '#config';
import { type Described, settingsOf, wrapped } from './described.js';

/** Variables that the chart sets itself, from its own values or from how the pod is made. */
export const SET_BY_CHART = ['NODE_ENV', 'HOST', 'PORT', 'DATA_DIR'];

const BEGIN = '  # settings: made by npm run generate, do not edit between here and the end';
const END = '  # end of settings';

/** The settings that belong in a ConfigMap: what is no secret, and not the chart's own affair. */
export function plainSettings(parts: readonly Described[]): SettingInfo[] {
  return parts.flatMap(settingsOf).filter(({ env, secret }) => !secret && !SET_BY_CHART.includes(env));
}

export function valuesSchema(parts: readonly Described[]): string {
  const settings = plainSettings(parts).map((one) => [one.env, { description: one.doc, ...one.jsonSchema }]);
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Made by npm run generate. Do not edit.',
    ...group({
      ...CHART_VALUES,
      config: {
        description: 'Settings of the server by the names of its variables; see docs/CONFIGURATION.md. No secrets.',
        ...group(Object.fromEntries(settings)),
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

/** As YAML wants it by the schema: numbers and flags bare, texts in quotes, nothing where nothing is the default. */
function asValue({ default: fallback, example, jsonSchema }: SettingInfo): string {
  const text = fallback || example;
  if (text === undefined) return '';
  return ['integer', 'number', 'boolean'].includes(jsonSchema.type as string) ? text : JSON.stringify(text);
}

function group(properties: Record<string, unknown>) {
  return { type: 'object', additionalProperties: false, properties };
}

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const anything = { type: 'object' };
const list = { type: 'array', items: { type: 'object' } };
const port = { type: 'integer', minimum: 1, maximum: 65_535 };

/** The values that are the chart's own. */
const CHART_VALUES = {
  global: anything,
  replicaCount: count,
  image: group({ repository: text, tag: text, pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] } }),
  imagePullSecrets: list,
  nameOverride: text,
  fullnameOverride: text,
  existingSecret: text,
  service: group({ type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] }, port }),
  serviceAccount: group({ create: { type: 'boolean' }, name: text, annotations: anything }),
  persistence: group({
    enabled: { type: 'boolean' },
    size: { type: 'string', pattern: '^\\d+(Mi|Gi|Ti)$' },
    storageClassName: text,
  }),
  resources: anything,
  podAnnotations: anything,
  nodeSelector: anything,
  tolerations: list,
  affinity: anything,
};
