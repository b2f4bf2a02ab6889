// The sessions of one tenant on this instance, and who of them listens where. Nothing leads from one room to another.
import type { Session } from './session.js';

export class TenantRoom {
  readonly sessions = new Set<Session>();
  private readonly channels = new Map<string, Set<Session>>();

  constructor(readonly tenant: string) {}

  subscribe(session: Session, channel: string): void {
    const listeners = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, listeners.add(session));
    session.channels.add(channel);
  }

  unsubscribe(session: Session, channel: string): void {
    session.channels.delete(channel);
    const listeners = this.channels.get(channel);
    listeners?.delete(session);
    if (listeners?.size === 0) this.channels.delete(channel);
  }

  listeners(channel: string): readonly Session[] {
    return [...(this.channels.get(channel) ?? [])];
  }

  hasListeners(channel: string): boolean {
    return this.channels.has(channel);
  }

  leave(session: Session): void {
    for (const channel of session.channels) this.unsubscribe(session, channel);
    this.sessions.delete(session);
    session.gone = true;
  }
}
