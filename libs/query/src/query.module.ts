// Gives the services of the query room to the container, from the rooms below.
import { Module, type OnApplicationShutdown, type OnModuleInit, type Provider } from '@nestjs/common';
import { type CacheConfig, cacheSection, TieredCache } from '#cache';
import { CacheModule } from '#cache/module';
import { configToken } from '#config';
import { KeyAdmin, KeyNames, Signer } from '#crypto';
import { Embedder } from '#embeddings';
import { VectorStore } from '#ports';
import { TextGuard } from '#privacy';
import { PrivacyModule } from '#privacy/module';
import { Records } from '#records';
import { TextRanker } from '#rerankers';
import { RerankersModule } from '#rerankers/module';
import { TenantTurns } from '#resilience';
import { Prices } from '#usage';
import { SegmentedStore } from '#vector-stores';
import { AnswerTies } from './answer-ties.js';
import { AnswersService } from './answers.service.js';
import { BulkIntake } from './bulk-intake.js';
import { DocumentIntake } from './document-intake.js';
import { DocumentsService, openedStore } from './documents.service.js';
import { type DriftConfig, driftSection } from './drift.section.js';
import { DriftService } from './drift.service.js';
import { EntryNames } from './entry-names.js';
import { KeysService } from './keys.service.js';
import { KnowledgeService } from './knowledge.service.js';
import { Erasures } from './privacy/erasures.js';
import { KnownTenants } from './privacy/known-tenants.js';
import { PersonalDocuments } from './privacy/personal-documents.js';
import { PoliciesService } from './privacy/policies.service.js';
import { Receipts } from './privacy/receipts.js';
import { type RetentionConfig, retentionSection } from './privacy/retention.section.js';
import { RetentionService } from './privacy/retention.service.js';
import { Screening } from './privacy/screening.js';
import { TenantPolicies } from './privacy/tenant-policies.js';
import { type QueryConfig, querySection } from './query.section.js';
import { QueryService } from './query.service.js';
import { ReindexService } from './reindex.service.js';
import { SimilarQuestions } from './similar-questions.js';

export { PoliciesModule } from './privacy/policies.module.js';

const config = configToken(querySection);
const cacheConfig = configToken(cacheSection);

const questions: Provider[] = [
  {
    provide: EntryNames,
    inject: [KeyNames, cacheConfig],
    useFactory: (names: KeyNames, { keyProfile }: CacheConfig) => new EntryNames(names, keyProfile),
  },
  {
    provide: KnowledgeService,
    inject: [config, Embedder, VectorStore, TextRanker, TenantPolicies, Screening, TenantTurns],
    useFactory: (
      settings: QueryConfig,
      embedder: Embedder,
      store: VectorStore | null,
      ranker: TextRanker | null,
      policies: TenantPolicies,
      screening: Screening,
      turns: TenantTurns,
    ) => new KnowledgeService({ embedder, store, ranker, policies, screening, turns }, settings),
  },
  {
    provide: SimilarQuestions,
    inject: [TieredCache, Embedder, VectorStore, EntryNames, config],
    useFactory: (
      cache: TieredCache,
      embedder: Embedder,
      store: VectorStore | null,
      names: EntryNames,
      { similarThreshold: threshold }: QueryConfig,
    ) =>
      threshold === undefined
        ? undefined
        : new SimilarQuestions(cache, embedder, openedStore(store), names, { threshold }),
  },
  {
    provide: QueryService,
    inject: [TieredCache, KnowledgeService, EntryNames, Screening, AnswerTies, SimilarQuestions, cacheConfig],
    useFactory: (
      cache: TieredCache,
      knowledge: KnowledgeService,
      names: EntryNames,
      screening: Screening,
      ties: AnswerTies,
      similar: SimilarQuestions | undefined,
      { ttlMs }: CacheConfig,
    ) => new QueryService(cache, knowledge, names, { screening, ties, similar, defaultTtlMs: ttlMs }),
  },
  {
    provide: AnswersService,
    inject: [TieredCache, EntryNames, Screening, Erasures, SimilarQuestions],
    useFactory: (...parts: ConstructorParameters<typeof AnswersService>) => new AnswersService(...parts),
  },
];

const documents: Provider[] = [
  {
    provide: AnswerTies,
    inject: [TieredCache, KeyNames],
    useFactory: (cache: TieredCache, names: KeyNames) => new AnswerTies(cache, names),
  },
  {
    provide: DocumentIntake,
    inject: [Embedder, Screening, TenantPolicies],
    useFactory: (...parts: ConstructorParameters<typeof DocumentIntake>) => new DocumentIntake(...parts),
  },
  {
    provide: DocumentsService,
    inject: [VectorStore, DocumentIntake, AnswerTies, Erasures, config, Embedder, TenantTurns, KnownTenants],
    useFactory: (
      store: VectorStore | null,
      intake: DocumentIntake,
      ties: AnswerTies,
      erasures: Erasures,
      { collection }: QueryConfig,
      embedder: Embedder,
      turns: TenantTurns,
      tenants: KnownTenants,
    ) => {
      const dimensions = () => embedder.dimensions;
      const noted = (tenant: string) => tenants.note(tenant);
      return new DocumentsService(store, intake, ties, erasures, { collection, dimensions, turns, noted });
    },
  },
];

const bulk: Provider = {
  provide: BulkIntake,
  inject: [DocumentsService],
  useFactory: (documents: DocumentsService) => new BulkIntake(documents),
};

const privacy: Provider[] = [
  {
    provide: Screening,
    inject: [TextGuard, TenantPolicies],
    useFactory: (guard: TextGuard, policies: TenantPolicies) => new Screening(guard, policies),
  },
  {
    provide: Erasures,
    inject: [Records, KeyNames],
    useFactory: (records: Records, names: KeyNames) => new Erasures(records, names),
  },
  { provide: Receipts, inject: [Signer], useFactory: (signer: Signer) => new Receipts(signer) },
  { provide: KnownTenants, inject: [Records], useFactory: (records: Records) => new KnownTenants(records) },
  {
    provide: PersonalDocuments,
    inject: [VectorStore, AnswerTies, TenantPolicies, Embedder],
    useFactory: (...parts: ConstructorParameters<typeof PersonalDocuments>) => new PersonalDocuments(...parts),
  },
  {
    provide: PoliciesService,
    inject: [TenantPolicies, TieredCache, TextGuard],
    useFactory: (policies: TenantPolicies, cache: TieredCache, { kinds }: TextGuard) =>
      new PoliciesService(policies, cache, kinds),
  },
  {
    provide: RetentionService,
    inject: [TieredCache, PersonalDocuments, Records, TenantPolicies, KnownTenants, configToken(retentionSection)],
    useFactory: (
      cache: TieredCache,
      personal: PersonalDocuments,
      records: Records,
      policies: TenantPolicies,
      tenants: KnownTenants,
      { sweepMs }: RetentionConfig,
    ) => new RetentionService(cache, personal, { records, policies, tenants, everyMs: sweepMs }),
  },
];

const administration: Provider = {
  provide: KeysService,
  inject: [KeyAdmin, TieredCache, VectorStore, Records, Signer],
  useFactory: (admin: KeyAdmin, cache: TieredCache, store: VectorStore | null, records: Records, signer: Signer) =>
    new KeysService({ admin, cache, store, records, signer }),
};

const models: Provider[] = [
  {
    provide: ReindexService,
    inject: [Embedder, SegmentedStore, Records, KnownTenants, TenantTurns, Prices],
    useFactory: (
      embedder: Embedder,
      store: SegmentedStore | null,
      records: Records,
      tenants: KnownTenants,
      turns: TenantTurns,
      prices: Prices,
    ) => new ReindexService({ embedder, store, records, tenants, turns, prices }),
  },
  {
    provide: DriftService,
    inject: [Embedder, SegmentedStore, Records, KnownTenants, configToken(driftSection)],
    useFactory: (
      embedder: Embedder,
      store: SegmentedStore | null,
      records: Records,
      tenants: KnownTenants,
      drift: DriftConfig,
    ) => new DriftService({ embedder, store, records, tenants }, drift),
  },
];

/** Needs the global ConfigModule, RecordsModule, CryptoModule, UsageModule and PoliciesModule, and the vector store. */
@Module({
  imports: [CacheModule, RerankersModule, PrivacyModule],
  providers: [...questions, ...documents, bulk, ...privacy, ...models, administration],
  exports: [
    KeysService,
    QueryService,
    AnswersService,
    KnowledgeService,
    DocumentsService,
    BulkIntake,
    PersonalDocuments,
    PoliciesService,
    Erasures,
    Receipts,
    RetentionService,
    ReindexService,
    DriftService,
  ],
})
export class QueryModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly policies: PoliciesService,
    private readonly retention: RetentionService,
    private readonly drift: DriftService,
  ) {}

  onModuleInit(): void {
    this.policies.open();
    this.retention.open();
    this.drift.open();
  }

  async onApplicationShutdown(): Promise<void> {
    this.policies.close();
    await this.retention.close();
    await this.drift.close();
  }
}
