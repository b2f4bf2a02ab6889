// Which indexes of Pinecone there are for us: one that the operator names by its host, or one a dimension and metric.
import { type CollectionSpec, failure, type Metric, type Secret } from '#ports';
import { pause } from '#resilience';
import { isAbsent, isTaken, PROVIDER } from './pinecone-failures.js';
import { ControlPlane, DataPlane, type IndexReply } from './pinecone-requests.js';

const METRICS = { cosine: 'cosine', euclidean: 'l2', dotproduct: 'dot' } as const satisfies Record<string, Metric>;
const THEIRS = { cosine: 'cosine', l2: 'euclidean', dot: 'dotproduct' } as const satisfies Record<Metric, string>;
const POLL_MS = 500;

/** An index that can be asked. */
export interface PineconeIndex {
  host: string;
  dimension: number;
  metric: Metric;
  plane: DataPlane;
}

export interface PineconeIndexes {
  readonly metrics: readonly Metric[];
  /** Those that were seen before: the control plane is not called for them. */
  seen(): PineconeIndex[];
  /** Those that may hold collections of ours. */
  all(signal?: AbortSignal): Promise<PineconeIndex[]>;
  /** The one for collections of this form, made when absent. */
  forSpec(spec: CollectionSpec, signal?: AbortSignal): Promise<PineconeIndex>;
  /** Asks the least that shows that Pinecone answers and takes the key. */
  health(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** One index, reached by its host. The control plane is never called, so a key of the data plane is enough. */
export class FixedIndex implements PineconeIndexes {
  readonly metrics: readonly Metric[];

  private constructor(private readonly index: PineconeIndex) {
    this.metrics = [index.metric];
  }

  /** @throws Failure `vector.store_refused` where the index is none of dense vectors. */
  static async open(host: string, apiKey: Secret, signal?: AbortSignal): Promise<FixedIndex> {
    const plane = new DataPlane(urlOf(host), apiKey);
    try {
      const { dimension, metric } = (await plane.stats(signal)).body;
      if (dimension && metric) return new FixedIndex({ host, dimension, metric: METRICS[metric], plane });
      const reason = 'the index does not tell its dimension and metric';
      throw failure('vector.store_refused', { provider: PROVIDER, reason, fix: 'Name an index of dense vectors.' });
    } catch (error) {
      await plane.close();
      throw error;
    }
  }

  seen(): PineconeIndex[] {
    return [this.index];
  }

  async all(): Promise<PineconeIndex[]> {
    return [this.index];
  }

  async forSpec({ dimension }: CollectionSpec): Promise<PineconeIndex> {
    if (dimension === this.index.dimension) return this.index;
    const reason = `its index holds vectors of dimension ${this.index.dimension}`;
    throw failure('vector.input_refused', { provider: PROVIDER, reason });
  }

  async health(signal?: AbortSignal): Promise<void> {
    await this.index.plane.stats(signal);
  }

  close(): Promise<void> {
    return this.index.plane.close();
  }
}

export interface OwnIndexesOptions {
  /** Address of the control plane. */
  url: string;
  apiKey: Secret;
  /** Names of our indexes begin with it. */
  prefix: string;
  cloud: string;
  region: string;
}

/** Indexes named `{prefix}-{dimension}-{metric}`: an index of Pinecone has one dimension and one metric for all. */
export class OwnIndexes implements PineconeIndexes {
  readonly metrics: readonly Metric[] = ['cosine', 'l2', 'dot'];
  private readonly control: ControlPlane;
  private readonly known = new Map<string, PineconeIndex>();

  constructor(private readonly options: OwnIndexesOptions) {
    this.control = new ControlPlane(options.url, options.apiKey);
  }

  seen(): PineconeIndex[] {
    return [...this.known.values()];
  }

  async all(signal?: AbortSignal): Promise<PineconeIndex[]> {
    const replies = await this.control.indexes(signal);
    return replies.flatMap((reply) => (this.isOurs(reply) && reply.status.ready ? this.keep(reply) : []));
  }

  async forSpec({ dimension, metric }: CollectionSpec, signal?: AbortSignal): Promise<PineconeIndex> {
    const name = this.nameOf(dimension, THEIRS[metric]);
    const known = this.known.get(name);
    if (known) return known;
    let reply = (await this.find(name, signal)) ?? (await this.make(name, { dimension, metric }, signal));
    // Until it is ready, which may take longer than a call may last: then the next call goes on waiting.
    for (; !reply?.status.ready; reply = await this.find(name, signal)) await pause(POLL_MS, signal);
    return this.keep(reply);
  }

  async health(signal?: AbortSignal): Promise<void> {
    await this.control.indexes(signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.control.close(), ...[...this.known.values()].map(({ plane }) => plane.close())]);
  }

  private async find(name: string, signal?: AbortSignal): Promise<IndexReply | undefined> {
    try {
      return (await this.control.index(name, signal)).body;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  private async make(name: string, { dimension, metric }: CollectionSpec, signal?: AbortSignal) {
    const { cloud, region } = this.options;
    const wanted = { name, dimension, metric: THEIRS[metric], spec: { serverless: { cloud, region } } };
    try {
      return (await this.control.makeIndex(wanted, signal)).body;
    } catch (error) {
      if (isTaken(error)) return this.find(name, signal);
      throw error;
    }
  }

  private nameOf(dimension: number | undefined, metric: string): string {
    return `${this.options.prefix}-${dimension}-${metric}`;
  }

  private isOurs({ name, dimension, metric }: IndexReply): boolean {
    return dimension !== undefined && name === this.nameOf(dimension, metric);
  }

  private keep({ name, host, dimension = 0, metric }: IndexReply): PineconeIndex {
    const known = this.known.get(name);
    if (known?.host === host) return known;
    const plane = new DataPlane(urlOf(host), this.options.apiKey);
    const index = { host, dimension, metric: METRICS[metric], plane };
    this.known.set(name, index);
    // Deleted and made anew outside: nobody asks the former one any more.
    void known?.plane.close();
    return index;
  }
}

/** Pinecone tells hosts without a scheme. */
function urlOf(host: string): string {
  return /^https?:\/\//.test(host) ? host : `https://${host}`;
}
