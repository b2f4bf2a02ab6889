// Where event connections of both doors meet: who may say what to whom, tenant by tenant.
import { type Caller, lacking } from '#auth';
import { type Handshaken, messageSpan, recordedTraceparent } from '#observability';
import { type Failure, failure, type JsonObject, type JsonValue } from '#ports';
import { EventRelay, type RelayParts } from './event-relay.js';
import type { EventsConfig } from './events.section.js';
import {
  checkUnreserved,
  type Delivery,
  type Frame,
  Outgoing,
  type Reply,
  readFrame,
  SERVICE_CHANNEL,
} from './frames.js';
import { ServiceEvents } from './service-events.js';
import { type Connection, Session } from './session.js';
import { TenantRoom } from './tenant-room.js';

const TICK_MS = 1000;

export type HubLimits = Pick<
  EventsConfig,
  'maxFrameBytes' | 'framesPerSecond' | 'maxChannels' | 'maxSessions' | 'maxBufferedBytes'
>;

export class EventHub {
  private readonly rooms = new Map<string, TenantRoom>();
  private readonly tenantsByTag = new Map<string, string>();
  private readonly relay: EventRelay;
  private readonly service: ServiceEvents;
  private ticking: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly limits: HubLimits,
    private readonly parts: RelayParts,
    private readonly now: () => number = Date.now,
  ) {
    this.service = new ServiceEvents(
      {
        listensIn: (tenant) => this.listensIn(tenant),
        tell: (tenant, event) => this.tell(tenant, event),
        tellAll: (event) => this.tellAll(event),
      },
      now,
    );
    this.relay = new EventRelay(
      parts,
      {
        tenantOf: (tag) => this.tenantsByTag.get(tag),
        interests: () => this.interests(),
        heard: (tenant, delivery) => this.hear(tenant, delivery),
        interestChanged: () => this.interestChanged(),
      },
      now,
    );
  }

  /** Begins to hear other instances. While the bus is away, this instance's own sessions hear each other all the same. */
  async open(): Promise<void> {
    this.ticking ??= setInterval(() => this.tick(), TICK_MS).unref();
    await this.relay.open().catch(() => undefined);
  }

  /** Fails when the caller may not come in now: `server.stopping`, `auth.scope` or `event.session_limit`. */
  checkEntry(caller: Caller): void {
    if (this.closed) throw failure('server.stopping', {});
    if (!caller.may('events:subscribe') && !caller.may('events:publish')) {
      throw failure('auth.scope', { scope: 'events:subscribe' });
    }
    const limit = this.limits.maxSessions;
    if ((this.rooms.get(caller.tenant)?.sessions.size ?? 0) >= limit) throw failure('event.session_limit', { limit });
  }

  /** Takes in a connection of a verified caller. Fails as `checkEntry`. */
  enter(caller: Caller, connection: Connection, began?: Handshaken): Session {
    this.checkEntry(caller);
    const session = new Session(caller, connection, began);
    this.roomOf(caller.tenant).sessions.add(session);
    return session;
  }

  /** Forgets a session whose connection has gone. May be called twice. */
  leave(session: Session): void {
    const room = this.rooms.get(session.caller.tenant);
    if (!room?.sessions.has(session)) return;
    room.leave(session);
    if (room.sessions.size === 0) {
      this.rooms.delete(room.tenant);
      this.tenantsByTag.delete(this.parts.names.tenantTag(room.tenant));
    }
    this.interestChanged();
  }

  /**
   * Does what a frame asks, and gives the reply. Fails with `event.*`, or with `auth.scope` where the token does not
   * carry the scope; a flood or a token past its end closes the connection.
   */
  receive(session: Session, received: unknown): Reply {
    const now = this.now();
    if (session.gone) throw failure('event.frame_invalid', { reason: 'the connection is closed' });
    if (session.caller.expiresAt <= now) throw this.end(session, failure('auth.expired', {}));
    if (session.countFrame(this.limits.framesPerSecond, now) === 'flood') {
      throw this.end(session, failure('event.rate_limited', { limit: this.limits.framesPerSecond }));
    }
    return messageSpan(session.connection.door, session.began, {
      read: () => readFrame(received, this.limits.maxFrameBytes),
      run: (frame) => this.obey(session, frame),
    });
  }

  /** Closes a connection and forgets its session. Gives the reason back, to be thrown. */
  end(session: Session, reason: Failure): Failure {
    this.leave(session);
    session.connection.end(reason);
    return reason;
  }

  /** Closes the connections of callers whose tokens were revoked. */
  endRevoked(revoked: (caller: Caller) => boolean): void {
    for (const session of this.sessions()) {
      if (revoked(session.caller)) this.end(session, failure('auth.revoked', {}));
    }
  }

  /** Says goodbye to every session. May be called twice. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.ticking);
    for (const session of this.sessions()) this.end(session, failure('server.stopping', {}));
    this.service.listenWhile(false);
    await this.relay.close();
  }

  private obey(session: Session, frame: Frame): Reply {
    const room = this.roomOf(session.caller.tenant);
    switch (frame.type) {
      case 'ping':
        return { ok: true, pong: new Date(this.now()).toISOString() };
      case 'subscribe':
        this.subscribe(room, session, frame.channel);
        return { ok: true, subscribed: frame.channel };
      case 'unsubscribe':
        room.unsubscribe(session, frame.channel);
        if (frame.channel === SERVICE_CHANNEL) this.interestChanged();
        return { ok: true, unsubscribed: frame.channel };
      case 'publish':
        this.publish(session.caller, frame.channel, frame.data);
        return { ok: true, published: frame.channel };
    }
  }

  private subscribe(room: TenantRoom, session: Session, channel: string): void {
    permit(session.caller, 'events:subscribe');
    const limit = this.limits.maxChannels;
    if (session.channels.size >= limit && !session.channels.has(channel))
      throw failure('event.channel_limit', { limit });
    const first = channel === SERVICE_CHANNEL && !room.hasListeners(channel);
    room.subscribe(session, channel);
    if (first) {
      this.interestChanged();
      this.relay.sayInterest();
    }
  }

  private publish(caller: Caller, channel: string, data: JsonValue): void {
    permit(caller, 'events:publish');
    checkUnreserved(data);
    const traceparent = recordedTraceparent();
    const delivery = { ...this.delivery(channel, data), ...(traceparent !== undefined && { traceparent }) };
    this.deliver(caller.tenant, delivery);
    this.relay.send(caller.tenant, delivery);
  }

  private tell(tenant: string, event: JsonObject): void {
    const delivery = this.delivery(SERVICE_CHANNEL, event);
    this.deliver(tenant, delivery);
    if (this.relay.wants(tenant)) this.relay.send(tenant, delivery);
  }

  private tellAll(event: JsonObject): void {
    const delivery = this.delivery(SERVICE_CHANNEL, event);
    this.hear(undefined, delivery);
    if (this.relay.wants()) this.relay.send(undefined, delivery);
  }

  private hear(tenant: string | undefined, delivery: Delivery): void {
    for (const each of tenant === undefined ? this.rooms.keys() : [tenant]) this.deliver(each, delivery);
  }

  private deliver(tenant: string, delivery: Delivery): void {
    const outgoing = new Outgoing(delivery);
    const now = this.now();
    for (const session of this.rooms.get(tenant)?.listeners(delivery.channel) ?? []) {
      this.hand(session, outgoing, now);
    }
  }

  private hand(session: Session, outgoing: Outgoing, now: number): void {
    const limit = this.limits.maxBufferedBytes;
    if (session.caller.expiresAt <= now) this.end(session, failure('auth.expired', {}));
    else if (session.connection.bufferedBytes() > limit) this.end(session, failure('event.slow_consumer', { limit }));
    else session.connection.send(outgoing);
  }

  private delivery(channel: string, data: JsonValue): Delivery {
    return { channel, data, at: new Date(this.now()).toISOString() };
  }

  private roomOf(tenant: string): TenantRoom {
    let room = this.rooms.get(tenant);
    if (!room) {
      room = new TenantRoom(tenant);
      this.rooms.set(tenant, room);
      this.tenantsByTag.set(this.parts.names.tenantTag(tenant), tenant);
    }
    return room;
  }

  private listensIn(tenant: string): boolean {
    return this.rooms.get(tenant)?.hasListeners(SERVICE_CHANNEL) === true || this.relay.wants(tenant);
  }

  private interests(): string[] {
    return [...this.rooms.values()].filter((room) => room.hasListeners(SERVICE_CHANNEL)).map(({ tenant }) => tenant);
  }

  private interestChanged(): void {
    this.service.listenWhile(!this.closed && (this.interests().length > 0 || this.relay.wants()));
  }

  private sessions(): Session[] {
    return [...this.rooms.values()].flatMap((room) => [...room.sessions]);
  }

  private tick(): void {
    const now = this.now();
    for (const session of this.sessions()) {
      if (session.caller.expiresAt <= now) this.end(session, failure('auth.expired', {}));
    }
    void this.relay.open().catch(() => undefined);
    this.relay.tick();
  }
}

function permit(caller: Caller, scope: 'events:subscribe' | 'events:publish'): void {
  if (!caller.may(scope)) throw lacking(caller, scope);
}
