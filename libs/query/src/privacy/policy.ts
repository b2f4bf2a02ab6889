// What a tenant has decided about the data that it keeps here: how old it may grow, and what becomes of what detectors find.
import type { Decision, PrivacyPolicy } from '#privacy';

/** By kind too, which goes before what the sort says. */
export type Detection = Required<PrivacyPolicy>;

/** Greatest ages in milliseconds. What is absent may grow as old as the server allows. */
export interface Retention {
  entriesMs?: number | undefined;
  documentsMs?: number | undefined;
  /** By collection; goes before `documentsMs`. */
  collectionsMs: Readonly<Record<string, number>>;
}

/** What one tenant has set. What is absent is as the server has it. */
export interface TenantPolicy {
  retention: Retention;
  detection: Partial<Omit<Detection, 'kinds'>> & Pick<Detection, 'kinds'>;
}

/** What the operator has set for all tenants. The ages are ceilings: no tenant raises them. */
export interface PolicyDefaults {
  retention: Omit<Retention, 'collectionsMs'>;
  detection: Detection;
}

/** What holds for one tenant. Another object after each change, and only then. */
export interface EffectivePolicy {
  readonly retention: Retention;
  readonly detection: Detection;
  /** Whether detectors are to look at texts at all. */
  readonly detects: boolean;
}

export function effectivePolicy(defaults: PolicyDefaults, own: TenantPolicy | undefined): EffectivePolicy {
  const { entriesMs, documentsMs, collectionsMs = {} } = own?.retention ?? {};
  const ceiling = defaults.retention;
  const detection = { ...defaults.detection, ...given(own?.detection ?? {}) };
  const { personal, secret, kinds } = detection;
  return Object.freeze({
    retention: {
      entriesMs: least(entriesMs, ceiling.entriesMs),
      documentsMs: least(documentsMs, ceiling.documentsMs),
      collectionsMs: Object.fromEntries(
        Object.entries(collectionsMs).map(([name, ms]) => [name, least(ms, ceiling.documentsMs)!]),
      ),
    },
    detection,
    detects: [personal, secret, ...Object.values(kinds)].some((action) => action !== 'store'),
  });
}

/** The defaults, and nothing kept in which anything is found. */
export function cautious({ retention, detection }: PolicyDefaults): PolicyDefaults {
  const skipped = (action: Decision): Decision => (action === 'refuse' ? 'refuse' : 'skip');
  const kinds = Object.entries(detection.kinds).map(([kind, action]) => [kind, skipped(action)]);
  const { personal, secret } = detection;
  return {
    retention,
    detection: { personal: skipped(personal), secret: skipped(secret), kinds: Object.fromEntries(kinds) },
  };
}

/** How old a document of the collection may grow. Milliseconds; `undefined` is without end. */
export function documentsMaxAgeMs({ retention }: EffectivePolicy, collection: string): number | undefined {
  const { collectionsMs, documentsMs } = retention;
  return Object.hasOwn(collectionsMs, collection) ? collectionsMs[collection] : documentsMs;
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : Math.min(one, other);
}

function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
