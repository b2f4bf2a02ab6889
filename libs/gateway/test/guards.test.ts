// Guards take HTTP requests through the pipeline's steps; sockets have passed them at their own door.
import 'reflect-metadata';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { firstValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { GUARDS } from '../src/guards.js';
import { ObserveInterceptor } from '../src/http/observe.interceptor.js';

class Door {
  undeclared() {}
}

function aContext(type: 'http' | 'ws') {
  const context = new ExecutionContextHost([{}, {}], Door, Door.prototype.undeclared);
  context.setType(type);
  return context;
}

describe.each(GUARDS.map((guard) => [guard.name, guard] as const))('%s', (_, Guard) => {
  // Whatever it needs beyond the reflector is missing: a guard that asked for more would fail.
  const guard = new (Guard as new (...parts: unknown[]) => { canActivate(context: unknown): unknown })(
    undefined,
    new Reflector(),
  );
  Object.assign(guard, { reflector: new Reflector() });

  it('leaves sockets to their own door', async () => {
    expect(await guard.canActivate(aContext('ws'))).toBe(true);
  });

  it('stays closed for a handler that declares nothing', async () => {
    const asked = async () => guard.canActivate(aContext('http'));
    await expect(asked()).rejects.toMatchObject({ code: 'boot.endpoint_undeclared', facts: { handler: 'undeclared' } });
  });
});

describe('ObserveInterceptor', () => {
  it('leaves sockets as they are', async () => {
    const next = { handle: () => of('tea') };
    expect(await firstValueFrom(new ObserveInterceptor().intercept(aContext('ws'), next))).toBe('tea');
  });
});
