// The client: a method for each operation. Written by generate:clients; a change by hand is lost.
import type { Lines } from './lines.js';
import { operations } from './operations.gen.js';
import type { CallOptions, ClientOptions } from './options.js';
import { Transport } from './transport.js';
import type * as Api from './types.gen.js';

/** Resk-Caching 0.1.0: a method for each operation. */
export class ReskClient {
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
  }

  /**
   * Ask a question
   *
   * Answers from the cache, else from the vector store, and says where the answer came from.
   */
  queryAsk(body: Api.QuestionDto, options?: CallOptions): Promise<Api.AnswerDto> {
    return this.#transport.send(operations.queryAsk, { body }, options);
  }

  /** Write an answer */
  cacheWrite(body: Api.WriteDto, options?: CallOptions): Promise<Api.WrittenDto> {
    return this.#transport.send(operations.cacheWrite, { body }, options);
  }

  /**
   * Purge the cache
   *
   * Purges all entries of the caller’s tenant, or those of one tag, question or subject.
   */
  cachePurge(parameters?: NonNullable<Api.CachePurgeData['query']>, options?: CallOptions): Promise<Api.PurgedDto> {
    return this.#transport.send(operations.cachePurge, { parameters }, options);
  }

  /** Write many answers */
  cacheWarmUp(body: Api.WarmUpDto, options?: CallOptions): Promise<Api.WarmedUpDto> {
    return this.#transport.send(operations.cacheWarmUp, { body }, options);
  }

  /**
   * List entries
   *
   * Metadata only, page by page: no question and no answer.
   */
  cacheEntries(parameters?: NonNullable<Api.CacheEntriesData['query']>, options?: CallOptions): Promise<Api.EntriesDto> {
    return this.#transport.send(operations.cacheEntries, { parameters }, options);
  }

  /** Describe an entry */
  cacheEntry(key: Api.CacheEntryData['path']['key'], options?: CallOptions): Promise<Api.EntryDto> {
    return this.#transport.send(operations.cacheEntry, { path: { key } }, options);
  }

  /** Forget an entry */
  cacheForget(key: Api.CacheForgetData['path']['key'], options?: CallOptions): Promise<Api.PurgedDto> {
    return this.#transport.send(operations.cacheForget, { path: { key } }, options);
  }

  /** List collections */
  vectorsCollections(options?: CallOptions): Promise<Api.CollectionsDto> {
    return this.#transport.send(operations.vectorsCollections, {}, options);
  }

  /**
   * Make a collection
   *
   * An existing collection of the same form is left as it is.
   */
  vectorsOpen(body: Api.CollectionDto, options?: CallOptions): Promise<Api.CollectionInfoDto> {
    return this.#transport.send(operations.vectorsOpen, { body }, options);
  }

  /** Drop a collection */
  vectorsDrop(name: Api.VectorsDropData['path']['name'], options?: CallOptions): Promise<Api.DroppedDto> {
    return this.#transport.send(operations.vectorsDrop, { path: { name } }, options);
  }

  /**
   * Write documents
   *
   * Embeds what has no vector, and writes. The collection is made when it is absent.
   */
  vectorsUpsert(body: Api.UpsertDto, options?: CallOptions): Promise<Api.UpsertedDto> {
    return this.#transport.send(operations.vectorsUpsert, { body }, options);
  }

  /**
   * Write documents, line by line
   *
   * Reads documents as NDJSON, one a line, and writes them in batches as they come; no more is read than can be written. A line that is no document is reported, and the others are taken in. Where the store or the embedder fails, the problem says with which line to go on.
   */
  vectorsIngest(body: Lines<Api.DocumentDto>, parameters?: NonNullable<Api.VectorsIngestData['query']>, options?: CallOptions): Promise<Api.IngestedDto> {
    return this.#transport.send(operations.vectorsIngest, { body, parameters }, options);
  }

  /** Search documents */
  vectorsSearch(body: Api.SearchDto, options?: CallOptions): Promise<Api.MatchesDto> {
    return this.#transport.send(operations.vectorsSearch, { body }, options);
  }

  /** Delete documents */
  vectorsDelete(body: Api.DeleteDto, options?: CallOptions): Promise<Api.DeletedDto> {
    return this.#transport.send(operations.vectorsDelete, { body }, options);
  }

  /** Embed texts */
  vectorsEmbed(body: Api.EmbedDto, options?: CallOptions): Promise<Api.EmbeddedDto> {
    return this.#transport.send(operations.vectorsEmbed, { body }, options);
  }

  /**
   * What was spent and what was avoided
   *
   * Tokens and money of the caller’s tenant, for each model and each hour or day (UTC). A hit never counts as spending. Operators may name another tenant.
   */
  usageUsage(parameters?: NonNullable<Api.UsageUsageData['query']>, options?: CallOptions): Promise<Api.UsageDto | string> {
    return this.#transport.send(operations.usageUsage, { parameters }, options);
  }

  /**
   * The quotas of the tenant
   *
   * Each limit, how much of it is used, and when that begins again. Operators may name another tenant.
   */
  usageDescribe(parameters?: NonNullable<Api.UsageDescribeData['query']>, options?: CallOptions): Promise<Api.QuotasDto> {
    return this.#transport.send(operations.usageDescribe, { parameters }, options);
  }

  /**
   * Set the quotas of a tenant
   *
   * In place of what was set before: a quota that is left out stands at the default of the server (QUOTA_…), null is no limit. Holds on every instance within a second.
   */
  usageSet(tenant: Api.UsageSetData['path']['tenant'], body: Api.QuotaLimitsDto, options?: CallOptions): Promise<Api.QuotasDto> {
    return this.#transport.send(operations.usageSet, { path: { tenant }, body }, options);
  }

  /**
   * Export what is kept about a person
   *
   * Page by page: cached answers, documents with their vectors, replies kept for repetition.
   */
  privacyExport(subject: Api.PrivacyExportData['path']['subject'], parameters?: NonNullable<Api.PrivacyExportData['query']>, options?: CallOptions): Promise<Api.ExportDto> {
    return this.#transport.send(operations.privacyExport, { path: { subject }, parameters }, options);
  }

  /**
   * Erase a person
   *
   * Erases what the tenant keeps about a person from every store and the memory of every instance. The reply is a signed receipt.
   */
  privacyErase(subject: Api.PrivacyEraseData['path']['subject'], options?: CallOptions): Promise<Api.ReceiptDto> {
    return this.#transport.send(operations.privacyErase, { path: { subject } }, options);
  }

  /**
   * Read the privacy policy
   *
   * What the tenant has set, and what holds.
   */
  privacyPolicy(options?: CallOptions): Promise<Api.PolicyReplyDto> {
    return this.#transport.send(operations.privacyPolicy, {}, options);
  }

  /**
   * Replace the privacy policy
   *
   * Sets how old data may grow and what becomes of what detectors find, in place of what the tenant has set before, and purges the tenant’s cache.
   */
  privacySetPolicy(body: Api.PolicyDto, options?: CallOptions): Promise<Api.PolicyReplyDto> {
    return this.#transport.send(operations.privacySetPolicy, { body }, options);
  }

  /**
   * Public keys of receipts and of the audit log
   *
   * A JSON Web Key Set. Keep a copy elsewhere: with it, receipts are checked without the server.
   */
  privacyReceiptKeys(options?: CallOptions): Promise<Api.JwksDto> {
    return this.#transport.send(operations.privacyReceiptKeys, {}, options);
  }

  /** Is the process alive? */
  operationsHealth(options?: CallOptions): Promise<Api.LiveDto> {
    return this.#transport.send(operations.operationsHealth, {}, options);
  }

  /** Is the process alive? */
  operationsLive(options?: CallOptions): Promise<Api.LiveDto> {
    return this.#transport.send(operations.operationsLive, {}, options);
  }

  /** Is the instance ready for requests? */
  operationsReady(options?: CallOptions): Promise<Api.ReadyDto> {
    return this.#transport.send(operations.operationsReady, {}, options);
  }

  /**
   * Metrics in the Prometheus text format
   *
   * Open, behind METRICS_TOKEN, or off: METRICS_ACCESS. As OpenMetrics, with exemplars, for who asks for it.
   */
  operationsMetrics(options?: CallOptions): Promise<string> {
    return this.#transport.send(operations.operationsMetrics, {}, options);
  }

  /** The OpenAPI 3.1 document of this API */
  operationsDocument(options?: CallOptions): Promise<Api.OperationsDocumentResponse> {
    return this.#transport.send(operations.operationsDocument, {}, options);
  }

  /**
   * Read the audit log
   *
   * Page by page, in order, for `resk audit verify` and for keeping it elsewhere.
   */
  auditPage(parameters?: NonNullable<Api.AuditPageData['query']>, options?: CallOptions): Promise<Api.AuditPageDto> {
    return this.#transport.send(operations.auditPage, { parameters }, options);
  }

  /**
   * List revocations
   *
   * Page by page. What was revoked is told by its id alone.
   */
  authList(parameters?: NonNullable<Api.AuthListData['query']>, options?: CallOptions): Promise<Api.RevocationsDto> {
    return this.#transport.send(operations.authList, { parameters }, options);
  }

  /**
   * Revoke a token, or what a subject holds
   *
   * Every instance refuses it within a second, and closes event connections opened with it.
   */
  authRevoke(body: Api.RevokeDto, options?: CallOptions): Promise<Api.RevocationDto> {
    return this.#transport.send(operations.authRevoke, { body }, options);
  }

  /**
   * Lift a revocation
   *
   * Tokens that it hit, and that have not ended, are believed again.
   */
  authLift(id: Api.AuthLiftData['path']['id'], parameters?: NonNullable<Api.AuthLiftData['query']>, options?: CallOptions): Promise<Api.LiftedDto> {
    return this.#transport.send(operations.authLift, { path: { id }, parameters }, options);
  }

  /**
   * List keys
   *
   * Master keys, and data keys tenant by tenant; who is no operator sees its own tenant’s data keys.
   */
  keysList(parameters?: NonNullable<Api.KeysListData['query']>, options?: CallOptions): Promise<Api.Keys> {
    return this.#transport.send(operations.keysList, { parameters }, options);
  }

  /**
   * Rotate a key
   *
   * Begins a new data key of a tenant, or promotes a master key. Nothing stops opening: see docs/KEYS_ROTATION.md.
   */
  keysRotate(body: Api.RotateDto, options?: CallOptions): Promise<Api.Rotated> {
    return this.#transport.send(operations.keysRotate, { body }, options);
  }

  /**
   * Retire a key
   *
   * Destroys a former data key, or takes a former master key out of use. What a destroyed key sealed is lost.
   */
  keysRetire(body: Api.RetireDto, options?: CallOptions): Promise<Api.Retired> {
    return this.#transport.send(operations.keysRetire, { body }, options);
  }

  /**
   * Seal data anew
   *
   * One step of sealing, under current data keys, what former ones sealed. Ask again until it is done.
   */
  keysReseal(body: Api.ResealDto, options?: CallOptions): Promise<Api.Resealed> {
    return this.#transport.send(operations.keysReseal, { body }, options);
  }

  /**
   * Shred a tenant
   *
   * Destroys its data keys, so that nothing sealed under them opens ever again, proves it, deletes what is stored, and gives a signed receipt.
   */
  keysShred(tenant: Api.KeysShredData['path']['tenant'], options?: CallOptions): Promise<Api.Shredded> {
    return this.#transport.send(operations.keysShred, { path: { tenant } }, options);
  }

  /**
   * Estimate a reindex
   *
   * What moving documents of other embedding models to the one of now would take. Changes nothing.
   */
  reindexEstimate(parameters?: NonNullable<Api.ReindexEstimateData['query']>, options?: CallOptions): Promise<Api.ReindexEstimate> {
    return this.#transport.send(operations.reindexEstimate, { parameters }, options);
  }

  /**
   * Move documents to the model of now
   *
   * One step of embedding documents of other models again. Built beside what is there, and switched when all is done. Ask again until it is done.
   */
  reindexStep(body: Api.ReindexDto, options?: CallOptions): Promise<Api.Reindexed> {
    return this.#transport.send(operations.reindexStep, { body }, options);
  }

  /**
   * Check the drift of the embedding model
   *
   * Embeds a sample of each collection again, and compares with what is stored. The tokens are on the account of the service.
   */
  reindexCheck(body: Api.DriftDto, options?: CallOptions): Promise<Api.DriftChecked> {
    return this.#transport.send(operations.reindexCheck, { body }, options);
  }
}
