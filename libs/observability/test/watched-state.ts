// Rooms that know what is true now, as the state metrics read them.
import type { QuotaShare, Readiness, StateMetrics, TlsState } from '#observability';

export const aShare = (more: Partial<QuotaShare> = {}): QuotaShare => ({
  tenant: 'north',
  quota: 'tokensPerDay',
  ratio: 0.5,
  ...more,
});

export const healthOf = (readiness: Readiness) => ({ recent: async () => readiness });

export const READY: Readiness = {
  ok: true,
  checks: [
    { name: 'cache', ok: true, critical: true },
    { name: 'vectordb', ok: false, critical: false },
  ],
};

export const TLS: TlsState = { endsAt: { certificate: 1_800_000_000_000 }, refused: false };

/** Every part is watched, and each tells something. */
export function watchEverything(state: StateMetrics): void {
  state.watchReadiness(healthOf(READY));
  state.watchQuotas(() => [aShare()]);
  state.watchKeys(() => ({ oldestAt: 0, overdue: 1 }));
  state.watchTls(() => TLS);
  state.watchUnsettled(() => 2);
}
