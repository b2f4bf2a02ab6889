// The hub by itself: tenants, scopes, limits and ends of sessions, with doors that only remember.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Caller, Scope } from '#auth';
import { KeyNames, PlainSealer } from '#crypto';
import { announce, announced, type Failure } from '#ports';
import { type Bus, LocalBus } from '#records';
import { EventHub, type HubLimits } from '../../src/events/event-hub.js';
import type { Outgoing } from '../../src/events/frames.js';
import type { Connection } from '../../src/events/session.js';

const LIMITS: HubLimits = {
  maxFrameBytes: 1024,
  framesPerSecond: 10,
  maxChannels: 3,
  maxSessions: 2,
  maxBufferedBytes: 1000,
};
const START = 1_800_000_000_000;
let now = START;

/** A door of which the test sees what was sent and how it ended. */
class Door implements Connection {
  readonly door = 'websocket';
  readonly sent: object[] = [];
  buffered = 0;
  ended: Failure | undefined;

  send({ frame }: Outgoing): void {
    this.sent.push(frame);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  end(reason: Failure): void {
    this.ended = reason;
  }
}

function aCaller({
  tenant = 'north',
  scopes = ['events:subscribe', 'events:publish'] as Scope[],
  lastsMs = 3_600_000,
} = {}): Caller {
  const held = new Set(scopes);
  const may = (scope: Scope) => held.has(scope);
  return { subject: 'u1', tenant, scopes: held, operator: false, expiresAt: now + lastsMs, may };
}

const hubs: EventHub[] = [];
function aHub(limits: Partial<HubLimits> = {}, bus: Bus = new LocalBus()): EventHub {
  const parts = { bus, sealer: new PlainSealer(), names: new KeyNames(Buffer.alloc(32, 1)) };
  const hub = new EventHub({ ...LIMITS, ...limits }, parts, () => now);
  hubs.push(hub);
  return hub;
}

function enter(hub: EventHub, caller = aCaller()) {
  const door = new Door();
  const session = hub.enter(caller, door);
  const say = (frame: object) => hub.receive(session, frame);
  return { door, session, say };
}

const code = (run: () => unknown): string => {
  try {
    run();
    return 'none';
  } catch (error) {
    return (error as Failure).code;
  }
};
const subscribe = (channel: string) => ({ type: 'subscribe', channel });
const publish = (channel: string, data: unknown) => ({ type: 'publish', channel, data });
const answered = (tenant = 'north') =>
  announce('query.answered', {
    tenant,
    key: 'k1',
    status: 'hit',
    source: 'cache',
    tier: 'memory',
    latencies: { total: 1, cache: 1 },
  });

beforeEach(() => {
  now = START;
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(hubs.splice(0).map((hub) => hub.close()));
});

describe('event hub', () => {
  test('what is published reaches every subscriber of the tenant’s channel, the publisher too, and nobody else', () => {
    const hub = aHub();
    const one = enter(hub);
    const two = enter(hub);
    const stranger = enter(hub, aCaller({ tenant: 'south' }));
    expect(one.say(subscribe('news'))).toEqual({ ok: true, subscribed: 'news' });
    two.say(subscribe('news'));
    stranger.say(subscribe('news'));
    expect(one.say(publish('news', { text: 'hi' }))).toEqual({ ok: true, published: 'news' });
    one.say(publish('other', 1));
    const delivery = { channel: 'news', data: { text: 'hi' }, at: new Date(now).toISOString() };
    expect(one.door.sent).toEqual([delivery]);
    expect(two.door.sent).toEqual([delivery]);
    expect(stranger.door.sent).toEqual([]);
  });

  test('after unsubscribing, and after leaving, nothing more is delivered', () => {
    const hub = aHub();
    const one = enter(hub);
    const two = enter(hub);
    for (const { say } of [one, two]) say(subscribe('news'));
    expect(one.say({ type: 'unsubscribe', channel: 'news' })).toEqual({ ok: true, unsubscribed: 'news' });
    hub.leave(two.session);
    hub.leave(two.session);
    one.say(publish('news', 1));
    expect([...one.door.sent, ...two.door.sent]).toEqual([]);
    expect(code(() => two.say(subscribe('news')))).toBe('event.frame_invalid');
  });

  test('each frame needs its own scope, and a token without either does not come in', () => {
    const hub = aHub();
    const reader = enter(hub, aCaller({ scopes: ['events:subscribe'] }));
    const writer = enter(hub, aCaller({ scopes: ['events:publish'] }));
    expect(code(() => reader.say(publish('news', 1)))).toBe('auth.scope');
    expect(code(() => writer.say(subscribe('news')))).toBe('auth.scope');
    expect(writer.say({ type: 'ping' })).toEqual({ ok: true, pong: new Date(now).toISOString() });
    expect(code(() => enter(hub, aCaller({ tenant: 'south', scopes: ['admin', 'cache:read'] })))).toBe('auth.scope');
  });

  test('a connection has so many channels, a tenant so many connections', () => {
    const hub = aHub();
    const { say } = enter(hub);
    for (const channel of ['a', 'b', 'c', 'c']) say(subscribe(channel));
    expect(code(() => say(subscribe('d')))).toBe('event.channel_limit');
    say({ type: 'unsubscribe', channel: 'a' });
    expect(code(() => say(subscribe('d')))).toBe('none');
    enter(hub);
    expect(code(() => enter(hub))).toBe('event.session_limit');
    expect(code(() => enter(hub, aCaller({ tenant: 'south' })))).toBe('none');
  });

  test('frames beyond the limit are refused until the second is over; a flood is closed', () => {
    const hub = aHub();
    const { say, door } = enter(hub);
    const codes = Array.from({ length: 20 }, () => code(() => say({ type: 'ping' })));
    expect(codes.filter((one) => one === 'none')).toHaveLength(10);
    expect(new Set(codes.slice(10))).toEqual(new Set(['event.rate_limited']));
    expect(door.ended).toBeUndefined();
    now += 1000;
    expect(code(() => say({ type: 'ping' }))).toBe('none');
    for (let i = 0; i < 20; i++) code(() => say({ type: 'nonsense' }));
    expect(door.ended?.code).toBe('event.rate_limited');
    now += 1000;
    expect(code(() => say({ type: 'ping' }))).toBe('event.frame_invalid');
  });

  test('a subscriber that does not read is dropped, and the others go on', () => {
    const hub = aHub();
    const slow = enter(hub);
    const brisk = enter(hub);
    for (const { say } of [slow, brisk]) say(subscribe('news'));
    slow.door.buffered = 1001;
    brisk.say(publish('news', 1));
    expect(slow.door.ended?.code).toBe('event.slow_consumer');
    expect(slow.door.sent).toEqual([]);
    expect(brisk.door.sent).toHaveLength(1);
  });

  test('when its token expires a session neither says nor hears anything more', () => {
    const hub = aHub();
    const talker = enter(hub, aCaller({ lastsMs: 1000 }));
    const lasting = enter(hub);
    for (const { say } of [talker, lasting]) say(subscribe('news'));
    now += 1000;
    lasting.say(publish('news', 1));
    expect(talker.door.ended?.code).toBe('auth.expired');
    expect(talker.door.sent).toEqual([]);
    const other = enter(hub, aCaller({ lastsMs: 1000 }));
    now += 1000;
    expect(code(() => other.say({ type: 'ping' }))).toBe('auth.expired');
  });

  test('sessions of callers that were revoked are ended, and no others', () => {
    const hub = aHub();
    const [revoked, other] = [enter(hub), enter(hub, aCaller({ tenant: 'south' }))];
    hub.endRevoked(({ tenant }) => tenant === 'north');
    expect([revoked.door.ended?.code, other.door.ended]).toEqual(['auth.revoked', undefined]);
    expect(code(() => revoked.say({ type: 'ping' }))).toBe('event.frame_invalid');
  });

  test('a session that says nothing is closed when its token expires', async () => {
    vi.useFakeTimers();
    const hub = aHub();
    await hub.open();
    const { door } = enter(hub, aCaller({ lastsMs: 5000 }));
    vi.advanceTimersByTime(4000);
    expect(door.ended).toBeUndefined();
    now += 5000;
    vi.advanceTimersByTime(1000);
    expect(door.ended?.code).toBe('auth.expired');
  });

  test('the service’s events reach the tenant that they concern, on the channel events', () => {
    const hub = aHub();
    const north = enter(hub);
    const south = enter(hub, aCaller({ tenant: 'south' }));
    north.say(subscribe('events'));
    south.say(subscribe('other'));
    answered('north');
    answered('south');
    announce('provider.degraded', { family: 'embedding-model', provider: 'openai' });
    expect(north.door.sent.map((sent) => (sent as { data: { type: string } }).data.type)).toEqual([
      'cache.hit',
      'provider.degraded',
    ]);
    expect(south.door.sent).toEqual([]);
  });

  test('the engine is listened to only while somebody is subscribed to events', () => {
    const hub = aHub();
    const heard = () => announced('query.answered').hasSubscribers;
    const one = enter(hub);
    const two = enter(hub);
    one.say(subscribe('news'));
    expect(heard()).toBe(false);
    one.say(subscribe('events'));
    two.say(subscribe('events'));
    one.say({ type: 'unsubscribe', channel: 'events' });
    expect(heard()).toBe(true);
    hub.leave(two.session);
    expect(heard()).toBe(false);
  });

  test('an instance listens to the engine for another as long as that one says so, and half a minute more', async () => {
    vi.useFakeTimers();
    const bus = new LocalBus();
    const [here, there] = [aHub({}, bus), aHub({}, bus)];
    await Promise.all([here.open(), there.open()]);
    const heard = () => announced('query.answered').hasSubscribers;
    const pass = (seconds: number) => {
      for (let passed = 0; passed < seconds; passed++) {
        now += 1000;
        vi.advanceTimersByTime(1000);
      }
    };
    const { session, say } = enter(there);
    say(subscribe('events'));
    pass(100);
    expect(heard()).toBe(true);
    there.leave(session);
    expect(heard()).toBe(true);
    pass(31);
    expect(heard()).toBe(false);
  });

  test('opens while the bus is away, and hears the others once it is back', async () => {
    vi.useFakeTimers();
    const bus = new LocalBus();
    const subscribeToBus = bus.subscribe.bind(bus);
    let away = true;
    bus.subscribe = (topic, heard) => (away ? Promise.reject(new Error('away')) : subscribeToBus(topic, heard));
    const [here, there] = [aHub({}, bus), aHub({}, bus)];
    await Promise.all([here.open(), there.open()]);
    const listener = enter(there);
    listener.say(subscribe('news'));
    const publisher = enter(here);
    publisher.say(publish('news', 'lost'));
    await vi.advanceTimersByTimeAsync(100);
    away = false;
    await vi.advanceTimersByTimeAsync(1000);
    publisher.say(publish('news', 'heard'));
    await vi.advanceTimersByTimeAsync(100);
    expect(listener.door.sent).toMatchObject([{ data: 'heard' }]);
  });

  test('nobody can speak as the service, on any channel', () => {
    const hub = aHub();
    const { say, door } = enter(hub);
    say(subscribe('events'));
    expect(code(() => say(publish('events', { type: 'cache.purge', scope: 'tenant' })))).toBe('event.reserved');
    expect(code(() => say(publish('other', { type: 'provider.degraded' })))).toBe('event.reserved');
    expect(door.sent).toEqual([]);
    expect(code(() => say(publish('events', { type: 'deploy', text: 'done' })))).toBe('none');
    expect(door.sent).toHaveLength(1);
  });

  test('closing says goodbye to everybody, lets nobody in, and may be repeated', async () => {
    const hub = aHub();
    await hub.open();
    const { door, say } = enter(hub);
    say(subscribe('events'));
    await hub.close();
    await hub.close();
    expect(door.ended?.code).toBe('server.stopping');
    expect(announced('query.answered').hasSubscribers).toBe(false);
    expect(code(() => enter(hub))).toBe('server.stopping');
  });
});
