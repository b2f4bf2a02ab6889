// The bill of materials names every package that users get, no tool, and is what CycloneDX accepts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ofUsers, type Component as Part } from '../../../scripts/supply-chain/bill.js';
import { installedManifest, lockedPackages } from '../../../scripts/supply-chain/lockfile.js';
import { treeProblems } from '../../../scripts/supply-chain/tree-problems.js';
import { ensureBuilt } from '../../support/child-server.js';
import { ROOT, scratch, script } from './scratch.js';

interface Component {
  name: string;
  group?: string;
  version: string;
  purl: string;
  licenses?: object[];
  components?: Component[];
}

interface Bill {
  bomFormat: string;
  specVersion: string;
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

let text: string;
let bill: Bill;
beforeAll(() => {
  ensureBuilt();
  const file = join(scratch(), 'deep/sbom.json');
  const { code, output } = script('supply-chain/sbom', ['--out', file]);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('CycloneDX 1.') });
  text = readFileSync(file, 'utf8');
  bill = JSON.parse(text);
}, 180_000);

const flat = (components: Component[]): Component[] =>
  components.flatMap((one) => [one, ...flat(one.components ?? [])]);
const named = ({ group, name, version }: Component) => `${group ? `${group}/` : ''}${name}@${version}`;

test('it is of this product in this version', () => {
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(named(bill.metadata.component)).toBe(`${name}@${version}`);
});

test('it names every shipped package that is installed here, in its version, and no tool', () => {
  const packages = lockedPackages(ROOT).filter(({ path }) => installedManifest(ROOT, path));
  const inBill = new Set(flat(bill.components).map(named));
  const shipped = packages.filter((one) => one.withProduct).map(({ name, version }) => `${name}@${version}`);
  expect(shipped.length).toBeGreaterThan(150);
  const given = new Set(lockedPackages(ROOT).flatMap((one) => (one.withProduct ? [`${one.name}@${one.version}`] : [])));
  expect([...inBill].filter((one) => !given.has(one))).toEqual([]);
  // What an optional peer of a shipped package brings is installed for the tests alone, and marked as both.
  expect(shipped.filter((one) => !inBill.has(one)).length).toBeLessThan(10);
  for (const name of ['fastify', '@nestjs/core', 'prom-client']) {
    const { version } = packages.find((one) => one.path === `node_modules/${name}`)!;
    expect(inBill).toContain(`${name}@${version}`);
  }
  for (const tool of ['vitest', 'oxlint', '@secretlint/core', '@huggingface/transformers', 'encoding', 'iconv-lite'])
    expect([...inBill].filter((one) => one.startsWith(`${tool}@`))).toEqual([]);
});

test('every package has an address and a licence, and stands in the graph', () => {
  const refs = new Set(bill.dependencies.map(({ ref }) => ref));
  expect(refs.size).toBeGreaterThan(150);
  for (const { dependsOn = [] } of bill.dependencies) expect(dependsOn.filter((ref) => !refs.has(ref))).toEqual([]);
  for (const one of flat(bill.components)) expect(one.purl).toMatch(/^pkg:npm\//);
  // Of one package only its readme says the licence (licence-policy.ts).
  expect(
    flat(bill.components)
      .filter(({ licenses }) => !licenses?.length)
      .map(({ name }) => name),
  ).toEqual(['pause']);
});

test('a tool goes out of it with what says that it is needed', () => {
  const component = (name: string, of: Partial<Part> = {}): Part => ({
    'bom-ref': name,
    properties: [{ name: 'cdx:npm:package:path', value: `node_modules/${name}` }],
    ...of,
  });
  const tool = { path: 'node_modules/b', name: 'b', version: '1.0.0', shipped: true, withProduct: false };
  const whole = {
    specVersion: '1.6',
    components: [component('a', { components: [component('b')] }), component('b')],
    dependencies: [{ ref: 'a', dependsOn: ['b', 'c'] }, { ref: 'b', dependsOn: ['c'] }, { ref: 'c' }],
  };
  expect(ofUsers(whole, [tool])).toEqual({
    specVersion: '1.6',
    components: [component('a', { components: [] })],
    dependencies: [{ ref: 'a', dependsOn: ['c'] }, { ref: 'c' }],
  });
});

test('it names no folder of this machine', () => {
  expect(text).not.toContain(ROOT.slice(0, -1));
});

test('what npm holds against the tree is a problem, but for overrides and tools', () => {
  const overrides = { 'nestjs-zod': { '@nestjs/common': '$@nestjs/common' } };
  const tool = {
    path: 'node_modules/encoding',
    name: 'encoding',
    version: '0.1.14',
    shipped: false,
    withProduct: false,
  };
  const meant = ['invalid: @nestjs/common@12.5.1 /a/node_modules/@nestjs/common', 'extraneous: encoding@0.1.14 /a/b'];
  const bad = ['invalid: fastify@1.0.0 /a/b', 'missing: pino@10, required by a@1', 'extraneous: encoding@0.1.15 /a/b'];
  expect(treeProblems([...meant, ...bad], overrides, [tool])).toEqual(bad);
});

test('the schema of CycloneDX accepts it, and refuses one that is broken', async () => {
  const theirs = createRequire(join(ROOT, 'node_modules/@cyclonedx/cyclonedx-npm/package.json'));
  const { Validation } = theirs('@cyclonedx/cyclonedx-library');
  const validator = new Validation.JsonStrictValidator(bill.specVersion);
  expect(await validator.validate(text)).toBeNull();
  const broken = { ...bill, components: [{ type: 'no such type', name: 'a' }] };
  expect(await validator.validate(JSON.stringify(broken))).not.toBeNull();
});
