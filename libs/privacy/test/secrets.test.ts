// Secrets by shape, what only looks like one, and lines of logs without them.
import { expect, test } from 'vitest';
import { fitForLogs, openTextGuard } from '#privacy';

const CONFIG = { detectors: ['secrets'], options: {}, personal: 'store', secret: 'skip' } as const;
const guard = await openTextGuard(CONFIG, { plugins: [] });

test('a private key goes from begin to end, also in JSON, also without its end', async () => {
  const begin = '-----BEGIN RSA PRIVATE KEY-----';
  const end = '-----END RSA PRIVATE KEY-----';
  expect(
    await guard.redact(`key:\n${begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\nMIIE/+=\n${end} ok`),
  ).toBe('key:\n[private-key] ok');
  expect(await guard.redact(`{"key":"${begin}\\nMIIE\\n${end}\\n","n":1}`)).toBe('{"key":"[private-key]\\n","n":1}');
  expect(await guard.redact(`{"key":"${begin}\\nMIIE","n":1}`)).toBe('{"key":"[private-key]","n":1}');
  expect(await guard.redact(`${begin}${begin}\nMIIE\n${end}`)).toBe('[private-key][private-key]');
});

test('a value assigned to a telling name is a secret when it was drawn by lot', async () => {
  expect(await guard.redact('DB_PASSWORD=x9Kq2vLm7 and more')).toBe('DB_PASSWORD=[assigned-secret] and more');
  expect(await guard.redact('{"apiKey": "0123456789abcdef0123"}')).toBe('{"apiKey": "[assigned-secret]"}');
  expect(await guard.redact('the password is Sommer2024!, yes')).toBe('the password is [assigned-secret]!, yes');
  for (const text of [
    'password = process.env.DB_PASSWORD2',
    'token = tokens[index + 1]',
    'secret: ./secrets/db2.txt',
    'secret: https://example.com/s3cret9',
    'password: xxxxxxxxxxxx1',
    'token: 2024-05-01T10:00Z',
    'password: your-password-123',
    'password: 1111111111111',
    'api_key: v1.22.333',
  ])
    expect(await guard.redact(text)).toBe(text);
});

test('a key of a vendor that is cut off, or a part of something longer, is none', async () => {
  for (const text of [
    `AKIA${'Q'.repeat(15)}`,
    `XAKIA${'Q'.repeat(16)}`,
    `ghp_${'a'.repeat(35)}`,
    'sk-ant-api03-short',
    'eyJhbGciOi.x.y',
  ])
    expect(await guard.redact(text)).toBe(text);
});

test('lines of logs lose secrets of every kind and e-mail addresses, and are the same text where there are none', () => {
  const clean = '{"level":30,"msg":"request done","route":"GET /api/health","tookMs":3}';
  expect(fitForLogs(clean, '•')).toBe(clean);
  const line = `{"msg":"refused ghp_${'a1'.repeat(18)} from postgres://u:h4x0rpw9@db, Bearer 0123456789abcdef0 by jane@example.com"}`;
  const masked = fitForLogs(line, '•');
  expect(masked).toBe('{"msg":"refused • from postgres://u:•@db, Bearer • by •"}');
  expect(JSON.parse(masked)).toBeTruthy();
});
