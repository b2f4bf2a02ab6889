// Whether the outcome of a write can be remembered changes nothing of the outcome; what is no write is left alone.
import 'reflect-metadata';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { lastValueFrom, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { KeyNames, PlainSealer } from '#crypto';
import type { Logger } from '#observability';
import { failure } from '#ports';
import { MemoryRecords } from '#records';
import { ENDPOINT, type EndpointSpec } from '../../src/endpoint.js';
import { IdempotencyInterceptor } from '../../src/writes/idempotency.interceptor.js';
import { IdempotencyRecords } from '../../src/writes/idempotency-records.js';

class Door {
  write() {}
  read() {}
}
const spec = { input: {}, scope: 'cache:write', cost: 1 } satisfies EndpointSpec;
Reflect.defineMetadata(ENDPOINT, { ...spec, effect: 'write' }, Door.prototype.write);
Reflect.defineMetadata(ENDPOINT, spec, Door.prototype.read);

/** Records that fail once they are told to. */
class FailingRecords extends MemoryRecords {
  failing = false;
  override replace(...args: Parameters<MemoryRecords['replace']>) {
    if (this.failing) return Promise.reject(failure('records.unavailable', { backend: 'memory' }));
    return super.replace(...args);
  }
}

function aDoor() {
  const records = new FailingRecords();
  const kept = new IdempotencyRecords({
    records,
    sealer: new PlainSealer(),
    names: new KeyNames(new Uint8Array(32).fill(7)),
    ttlMs: 60_000,
    leaseMs: 1000,
    maxKeys: 10,
  });
  const warned: object[] = [];
  const logger = { warn: (fields: object) => void warned.push(fields) } as unknown as Logger;
  const interceptor = new IdempotencyInterceptor(kept, new Reflector(), logger);
  let acts = 0;

  async function send(o: {
    type?: 'http' | 'ws';
    method?: string;
    header?: string | undefined;
    caller?: object | undefined;
    handler?: () => void;
    status?: number;
    fails?: Error;
  }) {
    const { type = 'http', method = 'POST', caller = { tenant: 'north', subject: 'ann' }, status = 200 } = o;
    const header = 'header' in o ? o.header : 'k';
    const said = new Map<string, string>();
    const reply = {
      statusCode: status,
      code: (code: number) => Object.assign(reply, { statusCode: code }),
      header: (name: string, value: string) => said.set(name, value),
    };
    const exchange = { correlationId: 'c', caller: 'caller' in o ? o.caller : caller };
    const request = {
      method,
      url: '/api/cache',
      body: {},
      exchange,
      headers: header ? { 'idempotency-key': header } : {},
    };
    const context = new ExecutionContextHost([request, reply], Door, o.handler ?? Door.prototype.write);
    context.setType(type);
    const handle = () => {
      acts++;
      return o.fails ? throwError(() => o.fails) : of(acts);
    };
    const result = await lastValueFrom(interceptor.intercept(context, { handle }) as ReturnType<typeof handle>);
    return { result, status: reply.statusCode, replayed: said.get('idempotency-replayed') };
  }
  return { send, records, warned };
}

describe('a write with a key', () => {
  it('gets its first reply again, with its status', async () => {
    const { send } = aDoor();
    expect(await send({ status: 201 })).toEqual({ result: 1, status: 201, replayed: undefined });
    expect(await send({ status: 200 })).toEqual({ result: 1, status: 201, replayed: 'true' });
  });

  it('is done again after a reply that was no success', async () => {
    const { send } = aDoor();
    expect((await send({ status: 503 })).result).toBe(1);
    expect(await send({})).toMatchObject({ result: 2, replayed: undefined });
  });

  it('is done again after it has failed, with the failure as it was', async () => {
    const { send } = aDoor();
    await expect(send({ fails: failure('request.late', { limitMs: 1 }) })).rejects.toMatchObject({
      code: 'request.late',
    });
    expect(await send({})).toMatchObject({ result: 2, replayed: undefined });
  });

  it('is answered although its reply could not be kept, and the log says so', async () => {
    const { send, records, warned } = aDoor();
    records.failing = true;
    expect((await send({})).result).toBe(1);
    expect(warned).toEqual([{ correlationId: 'c', err: expect.objectContaining({ code: 'records.unavailable' }) }]);
  });

  it('fails as it failed although its key could not be freed', async () => {
    const { send, records, warned } = aDoor();
    records.failing = true;
    await expect(send({ fails: failure('request.late', { limitMs: 1 }) })).rejects.toMatchObject({
      code: 'request.late',
    });
    expect(warned).toHaveLength(1);
  });
});

describe('left alone', () => {
  it.each([
    ['a write without a key', { header: undefined }],
    ['another method', { method: 'PUT' }],
    ['what changes nothing', { handler: Door.prototype.read }],
    ['what nobody is known to have sent', { caller: undefined }],
    ['a socket', { type: 'ws' as const }],
  ])('is %s', async (_, o) => {
    const { send, records } = aDoor();
    expect((await send(o)).result).toBe(1);
    expect((await send(o)).result).toBe(2);
    expect((await records.list('idem/', { limit: 1 })).records).toEqual([]);
  });
});
