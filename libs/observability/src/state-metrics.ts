// What is true of an instance now, read from the rooms that know it whenever somebody scrapes.
import { Gauge, type Registry } from 'prom-client';
import type { Health } from './health.js';
import { type TenantLabel, tenantLabels } from './usage-metrics.js';

/** How much of a quota a tenant has used: 1 is all of it. */
export interface QuotaShare {
  readonly tenant: string;
  readonly quota: string;
  readonly ratio: number;
}

/** How old the data keys that seal are. */
export interface KeyAge {
  /** Epoch milliseconds at which the oldest of them was begun; `undefined` where there is none. */
  readonly oldestAt: number | undefined;
  /** Tenants whose data key seals for longer than KEY_ROTATION_DUE. */
  readonly overdue: number;
}

/** The certificate files of the door. */
export interface TlsState {
  /** Epoch milliseconds at which the first certificate of each file ends. */
  readonly endsAt: Readonly<Record<string, number>>;
  /** Whether the files as they stand now could not be used, so that those before still are. */
  readonly refused: boolean;
}

type Series = readonly [value: number, ...labels: string[]];

/** Each method is called once a registry, by who composes the server. */
export class StateMetrics {
  /** `tenants`: how many are told apart by name, as in `EngineMetrics`, and `labelOf` the very same. */
  constructor(
    private readonly registry: Registry,
    private readonly options: { tenants?: number; labelOf?: TenantLabel; now?: () => number } = {},
  ) {}

  /** Scrapes share the rounds of probes with the readers of /health/ready. */
  watchReadiness(health: Pick<Health, 'recent'>): void {
    this.gauge('resk_ready', 'Whether the instance is ready for requests (1) or not (0).', [], async () => [
      [Number((await health.recent()).ok)],
    ]);
    this.gauge(
      'resk_health_check_ok',
      'Whether a part behind the instance answers its probe (1) or not (0).',
      ['check'],
      async () => (await health.recent()).checks.map(({ name, ok }) => [Number(ok), name]),
    );
  }

  watchQuotas(read: () => readonly QuotaShare[]): void {
    this.gauge(
      'resk_quota_used_ratio',
      'Share of a quota that is used (1 is all of it), of the tenant that is nearest to its end.',
      ['quota'],
      () => highest(read(), ({ quota }) => [quota]),
    );
    const { tenants = 0, labelOf = tenantLabels(tenants) } = this.options;
    if (tenants === 0) return;
    this.gauge(
      'resk_tenant_quota_used_ratio',
      'Share of a quota that is used (1 is all of it), by tenant.',
      ['tenant', 'quota'],
      () => highest(read(), ({ tenant, quota }) => [labelOf(tenant), quota]),
    );
  }

  /** `read` gives nothing while nothing is sealed, or nobody has looked yet. */
  watchKeys(read: () => KeyAge | undefined): void {
    const { now = Date.now } = this.options;
    this.gauge('resk_keys_oldest_age_seconds', 'Age of the oldest data key that seals, over all tenants.', [], () => {
      const oldestAt = read()?.oldestAt;
      return oldestAt === undefined ? [] : [[Math.max(0, now() - oldestAt) / 1000]];
    });
    this.gauge(
      'resk_keys_rotation_overdue',
      'Tenants whose data key seals for longer than KEY_ROTATION_DUE.',
      [],
      () => {
        const age = read();
        return age ? [[age.overdue]] : [];
      },
    );
  }

  watchTls(read: () => TlsState): void {
    this.gauge(
      'resk_tls_certificate_expiry_timestamp_seconds',
      'When the first certificate of a TLS file ends, in seconds since 1970.',
      ['file'],
      () => Object.entries(read().endsAt).map(([file, endsAt]) => [endsAt / 1000, file]),
    );
    this.gauge(
      'resk_tls_files_refused',
      'Whether the TLS files have changed and cannot be used (1), so that those before still are.',
      [],
      () => [[Number(read().refused)]],
    );
  }

  /** Calls to providers that are over, and that the records have not taken yet. */
  watchUnsettled(read: () => number): void {
    this.gauge(
      'resk_usage_unsettled_calls',
      'Calls to providers that are over and could not be noted in the ledger yet; tried again each second.',
      [],
      () => [[read()]],
    );
  }

  private gauge(name: string, help: string, labelNames: string[], read: () => Series[] | Promise<Series[]>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        const series = await read();
        this.reset();
        // prom-client gives a gauge without labels the value 0 when it is reset; what nobody knows is left out.
        if (labelNames.length === 0 && series.length === 0) this.remove();
        for (const [value, ...labels] of series) this.set(labelled(labelNames, labels), value);
      },
    });
  }
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}

/** The highest share of each combination of labels. */
function highest(shares: readonly QuotaShare[], labelsOf: (share: QuotaShare) => string[]): Series[] {
  const found = new Map<string, Series>();
  for (const share of shares) {
    const labels = labelsOf(share);
    const place = labels.join(' ');
    if (share.ratio >= (found.get(place)?.[0] ?? 0)) found.set(place, [share.ratio, ...labels]);
  }
  return [...found.values()];
}
