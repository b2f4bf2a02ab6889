// Records for tests, real in every part, that close with the test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Secret } from '#ports';
import { RedisConnection, SqliteRecords } from '../../src/index.js';

export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-records-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function someRecords(o: Partial<Parameters<typeof SqliteRecords.open>[0]> = {}) {
  const file = o.file ?? join(await aFolder(), 'records.sqlite');
  const records = SqliteRecords.open({ ...o, file });
  onTestFinished(() => records.close());
  return { records, file };
}

export async function aConnection(url: string, options: Parameters<typeof RedisConnection.open>[1] = {}) {
  const connection = RedisConnection.open(new Secret(url), options);
  onTestFinished(() => connection.close());
  await connection.opened();
  return connection;
}

/** A time that stands until it is moved. */
export class Clock {
  #now = Date.now();
  readonly now = () => this.#now;

  advance(ms: number): void {
    this.#now += ms;
  }
}
