// The names that Weaviate knows our collections, tenants and documents by.
import { createHash } from 'node:crypto';
import type { CollectionSpec, Metric } from '#ports';
import { escapedName, type NameGrammar, unescapedName } from '../vendor-name.js';

/** Weaviate takes names that differ in case alone for the same class, so only small letters stay as they are. */
const IN_CLASS: NameGrammar = { plain: /[a-z0-9]/, mark: '_' };
const IN_TENANT: NameGrammar = { plain: /[A-Za-z0-9-]/, mark: '_' };

/** https://docs.weaviate.io/weaviate/manage-collections/multi-tenancy: letters, digits, `_` and `-`, at most 64. */
const LONGEST_TENANT = 64;

const CLASS = /^([A-Z][A-Za-z0-9]*)_(cosine|l2|dot)_([1-9]\d*)(?:_i[0-9a-f]{8})?__(\w+)$/;

/** What is common to all tenants of a class: its name says it, so that two tenants may have different collections of one name. */
export interface Shape {
  collection: string;
  dimension: number;
  metric: Metric;
}

/**
 * One class for every collection name and shape. Its tenants are ours. A capital, then letters, digits and `_`, at most 256
 * in all (https://docs.weaviate.io/weaviate/config-refs/collections): names of the API fit, whatever they hold.
 */
export function classNameOf(prefix: string, collection: string, { dimension, metric, index }: CollectionSpec): string {
  const settings = index && Object.keys(index).length > 0 ? `_i${digest(settingsText(index)).slice(0, 8)}` : '';
  return `${prefix}_${metric}_${dimension}${settings}__${escapedName(collection, IN_CLASS)}`;
}

/** What a class holds; `undefined` for a class that is not ours. */
export function shapeOf(prefix: string, className: string): Shape | undefined {
  const [, found, metric, dimension, escaped] = CLASS.exec(className) ?? [];
  const collection = found === prefix ? unescapedName(escaped!, IN_CLASS) : undefined;
  return collection === undefined ? undefined : { collection, dimension: Number(dimension), metric: metric as Metric };
}

/** The tenant's own name, escaped; where that grows too long, its digest. `h` is no hexadecimal digit, so the two never meet. */
export function tenantNameOf(tenant: string): string {
  const escaped = escapedName(tenant, IN_TENANT);
  return escaped.length <= LONGEST_TENANT ? escaped : `_h${digest(tenant).slice(0, 60)}`;
}

/** A UUID of version 5 (RFC 9562 §5.5) of the document's id: the same id is the same object. */
export function uuidOf(id: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(id).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Ours, drawn once. Changing it would make strangers of all objects that are stored. */
const NAMESPACE = Buffer.from('6f1ad1c2f0b14b0c9c0f3e1f7f0c5a4e', 'hex');

function settingsText(index: Record<string, number>): string {
  return JSON.stringify(Object.entries(index).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
