// How a provider is published, by us or by a stranger: a kind, a name, a schema for its options, and how to open it.
import type { ByteStore } from './byte-store.js';
import type { EmbeddingModel } from './embedding-model.js';
import type { KeyService } from './key-service.js';
import type { Reranker } from './reranker.js';
import type { TextDetector } from './text-detector.js';
import type { VectorStore } from './vector-store.js';

/** The version of these ports. A provider built for another one is refused at boot. */
export const PORTS_VERSION = 1;

export interface PortOfFamily {
  'embedding-model': EmbeddingModel;
  'vector-store': VectorStore;
  'byte-store': ByteStore;
  'key-service': KeyService;
  'text-detector': TextDetector;
  reranker: Reranker;
}

export type Family = keyof PortOfFamily;

/**
 * The part of Standard Schema v1 (https://standardschema.dev) that is needed to check options, so that a provider may
 * bring Zod, Valibot, ArkType or a function of its own.
 */
export interface OptionsSchema<Options> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => OptionsResult<Options> | Promise<OptionsResult<Options>>;
    readonly types?: { readonly input: unknown; readonly output: Options } | undefined;
  };
}

export type OptionsResult<Options> =
  | { readonly value: Options; readonly issues?: undefined }
  | {
      readonly issues: ReadonlyArray<{
        readonly message: string;
        readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
      }>;
    };

export interface ProviderDefinition<F extends Family = Family, Options = unknown> {
  readonly family: F;
  /** Chosen by this name in the configuration, e.g. `VECTORDB_TYPE=pgvector`. */
  readonly name: string;
  readonly portsVersion: number;
  readonly options: OptionsSchema<Options>;
  /** Connects, and checks that the other side answers. Must end when the signal is aborted. */
  open(options: Options, context: { signal?: AbortSignal }): Promise<PortOfFamily[F]>;
}

/** Makes a provider of this version of the ports. The package's default export is its result. */
export function defineProvider<F extends Family, Options>(
  definition: Omit<ProviderDefinition<F, Options>, 'portsVersion'>,
): ProviderDefinition<F, Options> {
  return { ...definition, portsVersion: PORTS_VERSION };
}
