// Node's own SQLite is taken where it is, without its warning that it is young, and asked for in words where it is not.
import { expect, onTestFinished, test, vi } from 'vitest';
import { sqliteModule } from '../src/sqlite-module.js';

test('a Node that is too old is told so', () => {
  expect(() => sqliteModule(() => undefined)).toThrow(
    expect.objectContaining({
      code: 'records.refused',
      facts: expect.objectContaining({ fix: 'Run Node 22.15 or newer.' }),
    }),
  );
});

test('one warning is kept back while it is loaded, and no other; then it is loaded no more', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warned.mockRestore());
  const young = {};
  const load = vi.fn(() => {
    process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
    process.emitWarning('another', 'Warning');
    return young;
  });
  expect(sqliteModule(load)).toBe(young);
  expect(sqliteModule(load)).toBe(young);
  expect(load).toHaveBeenCalledTimes(1);
  expect(warned.mock.calls).toEqual([['another', 'Warning']]);
});
