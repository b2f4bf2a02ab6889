// What is made of records is the same on every instance a moment after it changed, whatever is lost on the way.
import { describe, expect, onTestFinished, test } from 'vitest';
import { failure } from '#ports';
import { Bus, LocalBus, MemoryRecords, type Records, Watched, type WatchedOptions } from '../src/index.js';
import { someRecords } from './support/some-records.js';

function aWatched(records: Records, bus: Bus, more: Partial<WatchedOptions<string>> = {}) {
  const load = async () => (await records.get('policy')) ?? 'none';
  const watched = new Watched<string>({ records, bus, topic: 'policy', key: 'policy/~version', load, ...more });
  onTestFinished(() => watched.close());
  return watched;
}

/** A bus on which nothing arrives. */
class DeafBus extends LocalBus {
  override async publish(): Promise<void> {
    throw failure('cache.store_unavailable', { tier: 'redis' });
  }
}

const NEVER_MS = 2 ** 30;

test('a change is known here when it returns, and elsewhere as soon as the message is there', async () => {
  const [records, bus] = [new MemoryRecords(), new LocalBus()];
  const heard: string[] = [];
  const here = aWatched(records, bus, { everyMs: NEVER_MS });
  const there = aWatched(records, bus, { everyMs: NEVER_MS, onChange: (value) => heard.push(value) });
  await here.open();
  await there.open();
  expect([here.value, there.value]).toEqual(['none', 'none']);
  await records.put('policy', 'skip');
  await here.changed();
  expect(here.value).toBe('skip');
  await expect.poll(() => there.value).toBe('skip');
  expect(heard).toEqual(['skip']);
});

test('a change of another process over one file is known without a message', async () => {
  const { records, file } = await someRecords();
  const { records: others } = await someRecords({ file });
  const here = aWatched(records, new DeafBus());
  const there = aWatched(others, new LocalBus(), { everyMs: 5 });
  await here.open();
  await there.open();
  await records.put('policy', 'skip');
  await here.changed();
  await expect.poll(() => there.value).toBe('skip');
});

test('a change while the value is being made is not overlooked', async () => {
  const [records, bus] = [new MemoryRecords(), new LocalBus()];
  let change: (() => void) | undefined;
  const load = async () => {
    const value = (await records.get('policy')) ?? 'none';
    change?.();
    change = undefined;
    return value;
  };
  const watched = aWatched(records, bus, { load, everyMs: NEVER_MS });
  let done: Promise<void> | undefined;
  change = () => {
    done = records.put('policy', 'skip').then(() => watched.changed());
  };
  await watched.open();
  await done;
  expect(watched.value).toBe('skip');
});

describe('while the records do not answer', () => {
  class Failing extends MemoryRecords {
    failing = true;
    override async tallies(keys: readonly string[]) {
      if (this.failing) throw failure('records.unavailable', { backend: 'memory' });
      return super.tallies(keys);
    }
  }

  test('it does not open', async () => {
    const watched = aWatched(new Failing(), new LocalBus());
    await expect(watched.open()).rejects.toMatchObject({ code: 'records.unavailable' });
    expect(watched.loaded).toBe(false);
  });

  test('it opens with what stands until they do', async () => {
    const [records, heard] = [new Failing(), [] as string[]];
    const onChange = (value: string) => heard.push(value);
    const watched = aWatched(records, new LocalBus(), { initial: 'all', everyMs: 5, onChange });
    await watched.open();
    expect([watched.value, watched.loaded]).toEqual(['all', false]);
    records.failing = false;
    await expect.poll(() => watched.loaded).toBe(true);
    expect([watched.value, heard]).toEqual(['none', ['none']]);
  });

  test('it keeps what it has, and says so to whoever changes it', async () => {
    const records = new Failing();
    records.failing = false;
    const watched = aWatched(records, new LocalBus(), { everyMs: 5 });
    await watched.open();
    records.failing = true;
    await records.put('policy', 'skip');
    await expect(watched.changed()).rejects.toMatchObject({ code: 'records.unavailable' });
    expect(watched.value).toBe('none');
    records.failing = false;
    await expect.poll(() => watched.value).toBe('skip');
  });
});

test('closed, it changes no more', async () => {
  const [records, bus] = [new MemoryRecords(), new LocalBus()];
  const watched = aWatched(records, bus, { everyMs: 1 });
  await watched.open();
  await watched.close();
  await watched.close();
  await records.put('policy', 'skip');
  await watched.changed();
  expect(watched.value).toBe('none');
});
