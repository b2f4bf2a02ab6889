// The class that is made for a collection: its properties, its index, and that each of its tenants is a shard of its own.
import type { CollectionSpec, Metric } from '#ports';
import { RESERVED } from '../stored-document.js';
import { TOKENS } from './where.js';

/**
 * https://docs.weaviate.io/weaviate/config-refs/indexing/vector-index#hnsw-index-parameters: those that are whole numbers.
 * `ef` belongs to the index here; one search cannot be given another.
 */
export const INDEX_SETTINGS = [
  'efConstruction',
  'maxConnections',
  'ef',
  'dynamicEfMin',
  'dynamicEfMax',
  'dynamicEfFactor',
  'flatSearchCutoff',
  'vectorCacheMaxObjects',
] as const;

const DISTANCES: Record<Metric, string> = { cosine: 'cosine', l2: 'l2-squared', dot: 'dot' };

/** The UUID, as a text that can be sorted by and compared with. */
export const KEY = `${RESERVED}key`;
/** The document's own id. */
export const ID = `${RESERVED}id`;
export const TEXT = `${RESERVED}text`;
export const DETAILS = `${RESERVED}details`;
export const EXPIRES_AT = `${RESERVED}expires_at`;
export const INGESTED_AT = `${RESERVED}ingested_at`;
export const CONSENT = `${RESERVED}consent`;
export const PURPOSED = `${RESERVED}purposed`;

const exact = { tokenization: 'field', indexFilterable: true, indexSearchable: false };
const unindexed = { indexFilterable: false, indexSearchable: false };
const ranged = { indexFilterable: true, indexRangeFilters: true };

const PROPERTIES = [
  { name: TEXT, dataType: ['text'], tokenization: 'word', indexFilterable: false, indexSearchable: true },
  { name: ID, dataType: ['text'], ...unindexed },
  { name: DETAILS, dataType: ['text'], ...unindexed },
  { name: KEY, dataType: ['text'], ...exact },
  { name: TOKENS, dataType: ['text[]'], ...exact },
  { name: EXPIRES_AT, dataType: ['number'], ...ranged },
  { name: INGESTED_AT, dataType: ['number'], ...ranged },
  { name: CONSENT, dataType: ['boolean'], indexFilterable: true },
  { name: PURPOSED, dataType: ['boolean'], indexFilterable: true },
];

/** As `POST /v1/schema` takes it. `replicas`: copies of each shard; the server decides where it is absent. */
export function classDefinition(className: string, spec: CollectionSpec, replicas: number | undefined): object {
  return {
    class: className,
    description: 'Documents of resk-caching. One tenant of this class is the collection of one tenant there.',
    vectorizer: 'none',
    vectorIndexType: 'hnsw',
    vectorIndexConfig: { distance: DISTANCES[spec.metric], ...spec.index },
    // Tenants are made when a collection is, and woken when they are asked.
    multiTenancyConfig: { enabled: true, autoTenantCreation: false, autoTenantActivation: true },
    // English words would otherwise be left out of texts in any language.
    invertedIndexConfig: { stopwords: { preset: 'none' } },
    ...(replicas !== undefined && { replicationConfig: { factor: replicas } }),
    properties: PROPERTIES,
  };
}

/** The settings of an index as the server keeps them. */
export function indexSettings(config: Record<string, unknown> | null | undefined): Record<string, number> {
  const given = INDEX_SETTINGS.map((name) => [name, config?.[name]] as const);
  return Object.fromEntries(given.filter((one): one is [(typeof one)[0], number] => typeof one[1] === 'number'));
}
