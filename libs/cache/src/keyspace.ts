// Every key that this service keeps in a store, all under its prefix; none shows a prompt, a tenant, a tag or a person.
import type { KeyNames } from '#crypto';
import { framed } from './canonical-key.js';
import type { EntryRef } from './entry.js';

export type GroupKind = 'tag' | 'subject';

export class Keyspace {
  constructor(
    private readonly prefix: string,
    private readonly names: KeyNames,
  ) {}

  tenantTag(tenant: string): string {
    return this.names.tenantTag(tenant);
  }

  entry({ tenant, name }: EntryRef): string {
    return this.entriesOf(tenant) + name;
  }

  /** What the keys of a tenant's entries begin with. */
  entriesOf(tenant: string): string {
    return `${this.prefix}:e:${this.tenantTag(tenant)}:`;
  }

  /** Counts the purges of a tenant. */
  generation(tenant: string): string {
    return `${this.prefix}:g:${this.tenantTag(tenant)}`;
  }

  /** The keyed name of a tag or subject: how purges name it, and the counter of its purges. */
  group(kind: GroupKind, tenant: string, label: string): string {
    const initial = kind === 'tag' ? 't' : 's';
    const name = this.names.name(framed(kind) + framed(tenant) + framed(label));
    return `${this.prefix}:${initial}:${this.tenantTag(tenant)}:${name}`;
  }

  /** Those of the tags, then those of the subjects. */
  groupsOf(tenant: string, { tags, subjects }: { tags: readonly string[]; subjects: readonly string[] }): string[] {
    return [
      ...tags.map((tag) => this.group('tag', tenant, tag)),
      ...subjects.map((subject) => this.group('subject', tenant, subject)),
    ];
  }

  /** Counts the purges of tags and subjects of a tenant, whichever. */
  groupFence(tenant: string): string {
    return `${this.prefix}:f:${this.tenantTag(tenant)}`;
  }

  /** Counts the purges of single entries: 64 counters a tenant, by the first character of the name. */
  nameFence({ tenant, name }: EntryRef): string {
    return `${this.prefix}:f:${this.tenantTag(tenant)}:${name.slice(0, 1)}`;
  }

  /** A counter that instances share. */
  counter(tenant: string, counter: string): string {
    return `${this.prefix}:n:${this.tenantTag(tenant)}:${this.names.name(framed('counter') + framed(counter))}`;
  }
}
