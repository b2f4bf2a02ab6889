// Gives the services of the query room to the container, from the rooms below.
import { Module } from '@nestjs/common';
import { type CacheConfig, cacheSection, TieredCache } from '#cache';
import { CacheModule } from '#cache/module';
import { configToken } from '#config';
import { KeyAdmin, KeyNames, Signer } from '#crypto';
import { Embedder } from '#embeddings';
import { EmbeddingsModule } from '#embeddings/module';
import { VectorStore } from '#ports';
import { Records } from '#records';
import { AnswersService } from './answers.service.js';
import { EntryNames } from './entry-names.js';
import { KeysService } from './keys.service.js';
import { KnowledgeService } from './knowledge.service.js';
import { type QueryConfig, querySection } from './query.section.js';
import { QueryService } from './query.service.js';

@Module({
  imports: [CacheModule, EmbeddingsModule],
  providers: [
    {
      provide: EntryNames,
      inject: [KeyNames, configToken(cacheSection)],
      useFactory: (names: KeyNames, config: CacheConfig) => new EntryNames(names, config.keyProfile),
    },
    {
      provide: KnowledgeService,
      inject: [Embedder, VectorStore, configToken(querySection)],
      useFactory: (embedder: Embedder, store: VectorStore | null, config: QueryConfig) =>
        new KnowledgeService(embedder, store, config),
    },
    {
      provide: QueryService,
      inject: [TieredCache, KnowledgeService, EntryNames],
      useFactory: (cache: TieredCache, knowledge: KnowledgeService, names: EntryNames) =>
        new QueryService(cache, knowledge, names),
    },
    {
      provide: AnswersService,
      inject: [TieredCache, EntryNames],
      useFactory: (cache: TieredCache, names: EntryNames) => new AnswersService(cache, names),
    },
    {
      provide: KeysService,
      inject: [KeyAdmin, TieredCache, VectorStore, Records, Signer],
      useFactory: (admin: KeyAdmin, cache: TieredCache, store: VectorStore | null, records: Records, signer: Signer) =>
        new KeysService({ admin, cache, store, records, signer }),
    },
  ],
  exports: [KeysService, QueryService, AnswersService, KnowledgeService],
})
export class QueryModule {}
