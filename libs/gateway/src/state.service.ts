// Tells the metrics which rooms know what is true of the instance now.
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { KeyAges } from '#crypto';
import { Health, StateMetrics } from '#observability';
import { Ledger, Quotas } from '#usage';

@Injectable()
export class StateService implements OnModuleInit {
  constructor(
    private readonly metrics: StateMetrics,
    private readonly health: Health,
    private readonly quotas: Quotas,
    private readonly keyAges: KeyAges,
    private readonly ledger: Ledger,
  ) {}

  onModuleInit(): void {
    this.metrics.watchReadiness(this.health);
    this.metrics.watchQuotas(() => this.quotas.watch.shares);
    this.metrics.watchKeys(() => this.keyAges.report);
    this.metrics.watchUnsettled(() => this.ledger.unsettled);
  }
}
