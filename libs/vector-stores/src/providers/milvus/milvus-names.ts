// Where a tenant's collection lies in Milvus: a database of its own, or a collection beside those of other tenants.
import type { CollectionRef } from '#ports';
import { failure } from '#ports';
import { escapedName, type NameGrammar, unescapedName } from '../vendor-name.js';
import { PROVIDER } from './milvus-failures.js';

export interface Place {
  dbName: string;
  collectionName: string;
}

export interface NamingOptions {
  isolation: 'database' | 'collection';
  /** Begins every name that is ours. */
  prefix: string;
  /** Where all tenants are, under `collection`. */
  database: string;
}

/** https://milvus.io/docs/limitations.md: letters, digits and underscores, at most 255, not beginning with a digit. */
const GRAMMAR: NameGrammar = { plain: /[A-Za-z0-9]/, mark: '_' };
const LONGEST = 255;

/** Never inside an escaped name: there, two hexadecimal digits follow every underscore. */
const JOINT = '_z';

export class MilvusNames {
  constructor(private readonly options: NamingOptions) {}

  /** @throws Failure `vector.input_refused` where a name is too long for Milvus once it is escaped. */
  placeOf({ tenant, collection }: CollectionRef): Place {
    return { dbName: this.databaseOf(tenant), collectionName: fitting(this.beginning(tenant) + escaped(collection)) };
  }

  databaseOf(tenant: string): string {
    const { isolation, prefix, database } = this.options;
    return isolation === 'collection' ? database : fitting(prefix + JOINT + escaped(tenant));
  }

  /** The collection of the tenant that lies under this name; `undefined` for what is not one. */
  collectionAt(tenant: string, collectionName: string): string | undefined {
    const beginning = this.beginning(tenant);
    if (!collectionName.startsWith(beginning)) return undefined;
    return unescapedName(collectionName.slice(beginning.length), GRAMMAR);
  }

  /** Whether each tenant has a database of its own, which may go with its last collection. */
  get hasDatabases(): boolean {
    return this.options.isolation === 'database';
  }

  private beginning(tenant: string): string {
    const { isolation, prefix } = this.options;
    return isolation === 'collection' ? prefix + JOINT + escaped(tenant) + JOINT : prefix + JOINT;
  }
}

function escaped(name: string): string {
  return escapedName(name, GRAMMAR);
}

function fitting(name: string): string {
  if (name.length <= LONGEST) return name;
  throw failure('vector.input_refused', { provider: PROVIDER, reason: `a name over ${LONGEST} letters, once escaped` });
}
