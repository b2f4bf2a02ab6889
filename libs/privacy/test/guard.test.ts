// What the guard makes of findings: redaction, policies, detectors of strangers, and their failures.
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { configToken, runtimeSection } from '#config';
import { defineProvider, type Finding, failure, TextDetector } from '#ports';
import { openTextGuard, type PrivacyPolicy, privacySection, strictest, TextGuard } from '#privacy';
import { PrivacyModule } from '#privacy/module';

const DEFAULT: PrivacyPolicy = { personal: 'store', secret: 'skip' };
const CONFIG = { detectors: ['contact', 'finance', 'identity', 'secrets'], options: {}, ...DEFAULT } as const;
const guard = await openTextGuard(CONFIG, { plugins: [] });

const MAIL = 'write to jane@example.com';
const KEY = `use AKIA${'Q'.repeat(16)}`;

/** Finds what it is told to, wherever. */
class Stranger extends TextDetector {
  readonly provider = 'stranger';
  readonly kinds = ['name'];
  closed = 0;

  constructor(private readonly findings: () => Finding[] | Promise<Finding[]>) {
    super();
  }

  find(): Finding[] | Promise<Finding[]> {
    return this.findings();
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

const guardOf = (...findings: Finding[]) => new TextGuard([new Stranger(() => findings)], DEFAULT);

test('findings come in the order of the text, with kind and sort', async () => {
  const text = `${KEY}, ${MAIL}, IBAN DE89 3704 0044 0532 0130 00.`;
  const found = await guard.inspect(text);
  expect(found.map(({ kind, sort, start, end }) => [kind, sort, text.slice(start, end)])).toEqual([
    ['aws-key', 'secret', `AKIA${'Q'.repeat(16)}`],
    ['email', 'personal', 'jane@example.com'],
    ['iban', 'personal', 'DE89 3704 0044 0532 0130 00'],
  ]);
});

test('a redacted text names the kinds and keeps the rest', async () => {
  expect(await guard.redact(`${MAIL} or +49 30 23125123, thanks`)).toBe('write to [email] or [phone], thanks');
  expect(await guard.redact('nothing here')).toBe('nothing here');
});

test('a redacted text holds nothing more to find', async () => {
  const text = `${KEY} ${MAIL} 4000 0000 0000 0002 078-05-1120 password=Tr0ub4dor&3x postgres://u:h4x0rpw9@db/x`;
  expect(await guard.inspect(await guard.redact(text))).toEqual([]);
});

test('by default secrets are skipped and personal data is stored', async () => {
  expect(await guard.verdict('what are your opening hours?')).toBe('store');
  expect(await guard.verdict(MAIL)).toBe('store');
  expect(await guard.verdict(KEY)).toBe('skip');
  expect(await guard.judge(MAIL)).toEqual({ decision: 'store', kinds: [], redacted: MAIL });
});

test('a policy decides by kind before sort, and the strictest decision holds', async () => {
  const policy: PrivacyPolicy = { personal: 'redact', secret: 'skip', kinds: { card: 'refuse', phone: 'store' } };
  const verdict = (text: string) => guard.verdict(text, policy);
  expect(await verdict(MAIL)).toBe('redact');
  expect(await verdict('call +49 30 23125123')).toBe('store');
  expect(await verdict(`${MAIL} ${KEY}`)).toBe('skip');
  expect(await verdict(`${MAIL} ${KEY} 4000 0000 0000 0002`)).toBe('refuse');
  expect(strictest([])).toBe('store');
});

test('a judgement names only what the policy is about, and redacts no more than that', async () => {
  const policy: PrivacyPolicy = { personal: 'redact', secret: 'redact', kinds: { phone: 'store' } };
  expect(await guard.judge(`${MAIL}, a@example.org, +49 30 23125123`, policy)).toEqual({
    decision: 'redact',
    kinds: ['email'],
    redacted: 'write to [email], [email], +49 30 23125123',
  });
});

test('a kind named like a property of every object follows its sort', async () => {
  const odd = new TextGuard([new Odd(() => [{ kind: 'constructor', sort: 'secret', start: 0, end: 1 }])], DEFAULT);
  expect(await odd.verdict('x', { personal: 'store', secret: 'refuse', kinds: {} })).toBe('refuse');
});

class Odd extends Stranger {
  override readonly kinds = ['constructor'];
}

test('findings that overlap become one that covers both, and a secret gives the name', async () => {
  const both = new TextGuard(
    [
      new Stranger(() => [
        { kind: 'name', sort: 'personal', start: 0, end: 4 },
        { kind: 'name', sort: 'personal', start: 2, end: 3 },
      ]),
      new (class extends Stranger {
        override readonly kinds = ['key'];
      })(() => [{ kind: 'key', sort: 'secret', start: 3, end: 6 }]),
    ],
    DEFAULT,
  );
  expect(await both.redact('abcdefg')).toBe('[key]g');
  const touching = guardOf(
    { kind: 'name', sort: 'personal', start: 2, end: 4 },
    { kind: 'name', sort: 'personal', start: 0, end: 2 },
  );
  expect(await touching.redact('abcdefg')).toBe('[name][name]efg');
});

test('of findings that overlap, each is judged: none hides what the policy refuses', async () => {
  const overlapping = guardOf(
    { kind: 'name', sort: 'secret', start: 0, end: 10 },
    { kind: 'name', sort: 'personal', start: 4, end: 8 },
  );
  const text = '0123456789 after';
  expect(await overlapping.judge(text, { secret: 'skip', personal: 'refuse' })).toMatchObject({ decision: 'refuse' });
  const redacted = { decision: 'redact', redacted: '0123[name]89 after' };
  expect(await overlapping.judge(text, { secret: 'store', personal: 'redact' })).toMatchObject(redacted);
});

test('a password in a URL is a secret, also where it looks like an address', async () => {
  const text = 'redis://default:s3cr3tw0rd@cache.example.com:6379';
  expect(await guard.redact(text)).toBe('redis://default:[url-password]@cache.example.com:6379');
});

test.each([
  ['outside the text', { kind: 'name', sort: 'personal', start: 0, end: 99 }],
  ['that is empty', { kind: 'name', sort: 'personal', start: 1, end: 1 }],
  ['before the text', { kind: 'name', sort: 'personal', start: -1, end: 1 }],
  ['at no whole place', { kind: 'name', sort: 'personal', start: 0.5, end: 1 }],
  ['of an unknown kind', { kind: 'other', sort: 'personal', start: 0, end: 1 }],
] as Array<[string, Finding]>)('a finding %s fails the detector', async (_name, finding) => {
  await expect(guardOf(finding).inspect('abc')).rejects.toMatchObject({ code: 'privacy.detector_failed' });
});

test('a text that a detector fails on is not taken for a clean one, and is in no message', async () => {
  const failing = new TextGuard([new Stranger(() => Promise.reject(new Error('model down')))], DEFAULT);
  const error = await failing.judge('a text of a user').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'privacy.detector_failed', facts: { provider: 'stranger' } });
  expect(String(error)).not.toContain('a text of a user');
  const own = failure('privacy.detector_failed', { provider: 'stranger' });
  const telling = new TextGuard([new Stranger(() => Promise.reject(own))], DEFAULT);
  await expect(telling.inspect('abc')).rejects.toBe(own);
});

test('a call that is given up says so', async () => {
  const gone = AbortSignal.abort(new Error('gone'));
  const slow = new TextGuard([new Stranger(() => Promise.reject(new Error('aborted')))], DEFAULT);
  await expect(slow.inspect('abc', { signal: gone })).rejects.toThrow('gone');
  await expect(guard.inspect('a'.repeat(100_000), { signal: gone })).rejects.toThrow('gone');
});

test('a long text lets others be answered in between, and is searched to its end', async () => {
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const found = await guard.inspect(`${'words and numbers 12 '.repeat(20_000)}${MAIL}`);
  clearInterval(counting);
  expect(found.map(({ kind }) => kind)).toEqual(['email']);
  expect(turns).toBeGreaterThan(3);
});

const plugin = (detector: TextDetector) =>
  `data:text/javascript,${encodeURIComponent(
    `export default { family: 'text-detector', name: 'names', portsVersion: 1, options: { '~standard': { version: 1, vendor: 'x',
      validate: (value) => ({ value }) } }, open: async (o) => ({ provider: 'names', kinds: ['name'], close: async () => { globalThis.closedNames = true; },
      find: (text) => text.includes(o.name) ? [{ kind: 'name', sort: 'personal', start: text.indexOf(o.name), end: text.indexOf(o.name) + o.name.length }] : [] }) };`,
  )}#${detector.provider}`;

test('detectors of packages are asked beside the built-in ones, with options of their own', async () => {
  const plugins = [plugin(new Stranger(() => []))];
  const config = { ...CONFIG, detectors: ['contact', 'names', 'names'], options: { names: { name: 'Jane' } } };
  const opened = await openTextGuard(config, { plugins });
  expect(await opened.redact('Jane has jane@example.com')).toBe('[name] has [email]');
  expect(opened.kinds).toEqual(['email', 'name', 'phone']);
  await opened.close();
  await opened.close();
});

test('an unknown detector, and options that a built-in one does not have, stop the boot and close what was opened', async () => {
  const plugins = [plugin(new Stranger(() => []))];
  const open = (detectors: string[], options = {}) =>
    openTextGuard({ ...CONFIG, detectors, options }, { plugins, signal: AbortSignal.timeout(5000) });
  await expect(open(['names', 'nobody'], { names: { name: 'x' } })).rejects.toMatchObject({ code: 'provider.unknown' });
  expect((globalThis as { closedNames?: boolean }).closedNames).toBe(true);
  await expect(open(['contact'], { contact: { strict: true } })).rejects.toMatchObject({ code: 'provider.options' });
});

test('no detectors find nothing', async () => {
  const none = await openTextGuard({ ...CONFIG, detectors: [] }, { plugins: [] });
  expect(await none.judge(KEY)).toEqual({ decision: 'store', kinds: [], redacted: KEY });
});

test('addresses of networks are found when they are asked for', async () => {
  const network = await openTextGuard({ ...CONFIG, detectors: ['network'] }, { plugins: [] });
  expect(
    await network.redact('from 203.0.113.7 and 2001:db8::1f, not 127.0.0.1, ::1, 1.2.3.4.5, 10:30:00, 999.1.1.1'),
  ).toBe('from [ip-address] and [ip-address], not 127.0.0.1, ::1, 1.2.3.4.5, 10:30:00, 999.1.1.1');
});

test('the module gives one guard and closes it', async () => {
  const provide = (section: typeof privacySection | typeof runtimeSection, useValue: unknown) => ({
    provide: configToken(section),
    useValue,
  });
  const configs = [provide(privacySection, CONFIG), provide(runtimeSection, { dataDir: '.', plugins: [] })];
  const config = { module: class ConfigHere {}, global: true, providers: configs, exports: configs };
  const app = await Test.createTestingModule({ imports: [config, PrivacyModule] }).compile();
  expect(await app.get(TextGuard).verdict(KEY)).toBe('skip');
  await app.close();
});

test('a plugin made with the ports passes for one', () => {
  const made = defineProvider({
    family: 'text-detector',
    name: 'names',
    options: { '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) } },
    open: async () => new Stranger(() => []),
  });
  expect(made.portsVersion).toBe(1);
});
