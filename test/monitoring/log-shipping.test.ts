// The samples that ship log lines are well formed, and name the fields that lines have.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createLogger } from '#observability';
import { failure } from '#ports';
import { root } from '../support/child-server.js';

const page = readFileSync(join(root, 'docs/LOG_SHIPPING.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)].filter(([, one]) => one === language).map(([, , text]) => text!);

/** The first column of the table. */
const documented = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);

/** Fields of the lines of a server: of the framework, of requests and their failures. Those of a trace come from its span. */
function fieldsOfLines(): Set<string> {
  const lines: string[] = [];
  const config = { logLevel: 'trace', serviceName: 'resk-caching', logsExporter: 'none' } as const;
  const logger = createLogger(config, { destination: { write: (line) => void lines.push(line) } });
  const request = { correlationId: 'c', method: 'GET', route: '/x', status: 502, durationMs: 1 };
  logger.debug({ context: 'RouterExplorer' }, 'mapped');
  logger.warn(
    { ...request, code: 'call.timeout', err: failure('call.timeout', { target: 'x', limitMs: 1 }) },
    'failed',
  );
  return new Set(lines.flatMap((line) => Object.keys(JSON.parse(line))));
}

test('the table has every field of the lines of a server, and no other', () => {
  const ofTraces = ['trace_id', 'span_id', 'trace_flags'];
  expect(documented.toSorted()).toEqual([...fieldsOfLines(), ...ofTraces].toSorted());
});

describe('the samples', () => {
  test('are YAML, and pipelines of the collector name what is declared', () => {
    const [shipping, reading, beats, ...others] = blocks('yaml').map((text) => parse(text));
    expect(others).toEqual([]);
    for (const { receivers, processors, exporters } of Object.values<Record<string, string[]>>(
      shipping.service.pipelines,
    )) {
      expect(Object.keys(shipping.receivers)).toEqual(expect.arrayContaining(receivers!));
      expect(Object.keys(shipping.processors)).toEqual(expect.arrayContaining(processors!));
      expect(Object.keys(shipping.exporters)).toEqual(expect.arrayContaining(exporters!));
    }
    expect(Object.keys(reading.receivers)).toEqual(['filelog']);
    expect(Object.keys(beats)).toEqual(['filebeat.inputs']);
  });

  test('read no field that lines do not have', () => {
    const all = blocks('yaml').concat(blocks('alloy')).join('\n');
    const read = [
      ...[...all.matchAll(/attributes\.(\w+)/g)].map(([, name]) => name!),
      ...[...all.matchAll(/from: resk\.(\w+)/g)].map(([, name]) => name!),
      ...[...blocks('alloy')[0]!.matchAll(/^ {6}\w+ += "(\w+)",/gm)].map(([, name]) => name!),
    ];
    expect(read.length).toBeGreaterThan(25);
    expect(read.filter((name) => !documented.includes(name))).toEqual([]);
  });

  test('rename for Elasticsearch what the table says', () => {
    const [, , beats] = blocks('yaml').map((text) => parse(text));
    const processors: Array<Record<string, { fields: Array<{ from: string; to: string }> }>> =
      beats['filebeat.inputs'][0].processors;
    const renamed = processors.find((one) => one.rename)!.rename!.fields;
    for (const { from, to } of renamed) {
      const field = from.split('.')[1]!;
      const row = page.split('\n').find((line) => line.startsWith(`| \`${field}\` |`))!;
      expect(row.split('|')[3], field).toContain(`\`${to}\``);
    }
    expect(renamed.map(({ from }) => from.split('.')[1])).toEqual(
      expect.arrayContaining(documented.filter((name) => name !== 'time')),
    );
  });
});
