// Makes points of documents: screened by the tenant's policy, embedded where they have no vector, and with their lineage.
import type { Embedder } from '#embeddings';
import type { CallOptions, CollectionRef, JsonObject, JsonValue, VectorPoint } from '#ports';
import { documentsMaxAgeMs } from './privacy/policy.js';
import type { Screened, Screening } from './privacy/screening.js';
import type { TenantPolicies } from './privacy/tenant-policies.js';
import { given } from './provenance.js';

/** A document as a caller gives it: text to be embedded, or a vector of its own, or both. */
export interface Document {
  id: string;
  text?: string | undefined;
  vector?: readonly number[] | undefined;
  metadata?: JsonObject | undefined;
  /** Seconds after which the document is never found again. */
  ttl?: number | undefined;
  /** The person whom it is about. */
  subject?: string | undefined;
  /** `false`: kept, but never found. */
  consent?: boolean | undefined;
  /** What it may be used for; absent: for anything. */
  purposes?: readonly string[] | undefined;
  source?: string | undefined;
  /** Name of the run that writes it. */
  ingestRun?: string | undefined;
}

export interface Intake {
  points: VectorPoint[];
  /** Documents that the tenant's policy keeps out. */
  skipped: number;
}

export class DocumentIntake {
  constructor(
    private readonly embedder: Embedder,
    private readonly screening: Screening,
    private readonly policies: TenantPolicies,
  ) {}

  /**
   * Points of the documents that are to be kept, in their order.
   * @throws Failure `privacy.refused`, before anything is embedded; `embedding.*`
   */
  async points(documents: readonly Document[], ref: CollectionRef, options: CallOptions): Promise<Intake> {
    const kept = await this.screened(documents, ref.tenant);
    const vectors = await this.vectors(kept, ref.tenant, options);
    const now = Date.now();
    const maxAgeMs = documentsMaxAgeMs(this.policies.of(ref.tenant), ref.collection);
    const points = kept.map((one) => this.point(one, vectors.get(one), { now, maxAgeMs }));
    return { points, skipped: documents.length - kept.length };
  }

  private async screened(documents: readonly Document[], tenant: string): Promise<Document[]> {
    const kept: Document[] = [];
    for (const one of documents) {
      const { text = null, metadata = null, source = null } = one;
      const seen: Screened<JsonValue[]> = await this.screening.json<JsonValue[]>([text, metadata, source], tenant);
      if (seen.action === 'store') kept.push(one);
      if (seen.action === 'redact') kept.push({ ...one, ...given(named(seen.value)) });
    }
    return kept;
  }

  private async vectors(documents: readonly Document[], tenant: string, options: CallOptions) {
    const missing = documents.filter((one) => !one.vector);
    const texts = missing.map((one) => one.text as string);
    const { vectors } = await this.embedder.embed(texts, { ...options, tenant, purpose: 'document' });
    return new Map(missing.map((one, at) => [one, vectors[at]!]));
  }

  private point(
    document: Document,
    made: Float32Array | undefined,
    { now, maxAgeMs }: { now: number; maxAgeMs: number | undefined },
  ): VectorPoint {
    const { id, text, metadata, subject, consent, purposes, source, ingestRun, ttl } = document;
    const { tag, normalised } = this.embedder;
    const ends = [ttl === undefined ? Infinity : now + ttl * 1000, maxAgeMs === undefined ? Infinity : now + maxAgeMs];
    const expiresAt = Math.min(...ends);
    return {
      id,
      vector: made ?? Float32Array.from(document.vector!),
      ...given({ text, metadata, subject, consent, purposes, source }),
      ...(expiresAt < Infinity && { expiresAt }),
      lineage: { ...given({ ingestRun }), ...(made && { ...tag, ...given({ normalised }) }), ingestedAt: now },
    };
  }
}

function named([text, metadata, source]: JsonValue[]): Partial<Document> {
  return {
    text: (text as string | null) ?? undefined,
    metadata: (metadata as JsonObject | null) ?? undefined,
    source: (source as string | null) ?? undefined,
  };
}
