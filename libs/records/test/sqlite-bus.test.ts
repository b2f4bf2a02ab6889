// Processes over one file hear each other, in order, and learn when they may have missed something.
import { expect, onTestFinished, test } from 'vitest';
import { SqliteBus } from '../src/index.js';
import { Clock, someRecords } from './support/some-records.js';

const NEVER_MS = 2 ** 30;

async function twoBuses() {
  const { file } = await someRecords();
  const clock = new Clock();
  const open = (everyMs = NEVER_MS) => {
    const bus = SqliteBus.open({ file, everyMs, now: clock.now });
    onTestFinished(() => bus.close());
    return bus;
  };
  return { here: open(), there: open(), open, clock };
}

async function hearing(bus: SqliteBus, topic = 'a') {
  const heard: string[] = [];
  const stop = await bus.subscribe(topic, (message) => heard.push(message), { missed: () => heard.push('missed') });
  return { heard, stop };
}

test('a message is heard here at once and there when the file is read, once, in order, until one stops', async () => {
  const { here, there } = await twoBuses();
  await here.publish('a', 'before there was anybody');
  const [near, far] = [await hearing(here), await hearing(there)];
  await there.read();
  far.heard.length = 0;
  for (const message of ['1', '2', '3']) await here.publish('a', message);
  await here.publish('b', 'of another topic');
  expect([near.heard, far.heard]).toEqual([['1', '2', '3'], []]);
  for (const bus of [here, there, here, there]) await bus.read();
  expect([near.heard, far.heard]).toEqual([
    ['1', '2', '3'],
    ['1', '2', '3'],
  ]);
  await far.stop();
  await here.publish('a', '4');
  await there.read();
  expect(far.heard).toHaveLength(3);
});

test('reads by itself', async () => {
  const { here, open } = await twoBuses();
  const { heard } = await hearing(open(5));
  await here.publish('a', '1');
  await expect.poll(() => heard).toEqual(['1']);
});

test('who comes later hears nothing of before', async () => {
  const { here, open } = await twoBuses();
  await here.publish('a', '1');
  const late = open();
  const { heard } = await hearing(late);
  await late.read();
  expect(heard).toEqual([]);
});

test('messages are deleted a minute after, and who stood still as long learns that some may be missed', async () => {
  const { here, there, open, clock } = await twoBuses();
  const { heard } = await hearing(there);
  await here.publish('a', '1');
  clock.advance(61_000);
  await here.publish('a', '2');
  await here.read();
  await there.read();
  expect(heard).toEqual(['2', 'missed']);
  await there.read();
  expect(heard).toEqual(['2', 'missed']);
  await open().close();
});

test('closed, it says nothing, and says so', async () => {
  const { here, there } = await twoBuses();
  const { heard } = await hearing(there);
  await here.close();
  await here.close();
  await expect(here.publish('a', '1')).rejects.toMatchObject({ code: 'cache.store_unavailable' });
  await expect(here.read()).rejects.toMatchObject({ code: 'records.unavailable' });
  await there.read();
  expect(heard).toEqual([]);
});
