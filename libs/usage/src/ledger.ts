// The ledger: what each tenant has really spent with each provider and model, and what hits have avoided.
import { randomUUID } from 'node:crypto';
import {
  announce,
  type Failure,
  failure,
  isFailure,
  listen,
  Meter,
  type MeteredCall,
  type OpenAccount,
  SERVICE_ACCOUNT,
} from '#ports';
import type { Records, TallyChange } from '#records';
import { AvoidedTokens, type Batch } from './avoided-tokens.js';
import { DayBudget, NOTHING, type Spending } from './day-budget.js';
import { type LostCall, type PendingCall, PendingCalls } from './pending-calls.js';
import { dayOf } from './periods.js';
import { moneyText, nanoOf, type Prices } from './prices.js';
import type { QuotaTable } from './quota-table.js';
import { packed, Settlements } from './settlements.js';
import { changesOf, type Keeping, type Noted, wholeTokens } from './tally-lines.js';

export interface LedgerOptions extends Keeping {
  /** A process that is silent for so long is taken for dead: its open calls are then noted as uncertain. Milliseconds. */
  leaseMs: number;
  now?: () => number;
}

/** How a call ended. `undefined`: nothing was billed. */
type Outcome = { sort: 'spent' | 'uncertain'; tokens: number } | undefined;

interface Settling {
  callId: string;
  call: PendingCall;
  outcome: Outcome;
}

const TICK_MS = 1000;

/**
 * A call is noted before it is made, and settled in one step with the sums of its hour and its day; so the sums are exact
 * over instances and over the death of a process: what it leaves open becomes `uncertain`, once. Settlements that the
 * records do not take are tried again each second. What hits avoid is added each second, too: a killed process loses at
 * most the last one of those.
 */
export class Ledger extends Meter {
  private readonly pending: PendingCalls;
  private readonly settlements: Settlements;
  private readonly budget: DayBudget;
  private readonly hits = new AvoidedTokens();
  private readonly now: () => number;
  /** What the records did not take yet. */
  private readonly late = new Map<string, Settling>();
  private unsent: Batch[] = [];
  /** Settled calls that may be forgotten; and the marks of settlements, which stay until no finder can be at work on them. */
  private readonly settled: string[] = [];
  private readonly marks: { name: string; at: number }[] = [];
  private sweptAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;
  private ticking: Promise<void> | undefined;

  constructor(
    private readonly records: Records,
    private readonly prices: Prices,
    quotas: Pick<QuotaTable, 'of'>,
    private readonly options: LedgerOptions,
  ) {
    super();
    this.now = options.now ?? Date.now;
    this.pending = new PendingCalls(records, options.leaseMs);
    this.settlements = new Settlements(records);
    this.budget = new DayBudget(records, quotas);
  }

  /** Listens for hits, settles what dead processes left open, and goes on doing so. Records that do not answer do not fail it. */
  async open(): Promise<void> {
    this.timer ??= setInterval(() => void this.tick(), TICK_MS).unref();
    // Within the time of an answer: nothing but a look at the message, and a sum in memory. A hit never counts as spending.
    this.stopListening ??= listen('query.answered', ({ tenant, avoided }) => {
      if (avoided) this.hits.note(tenant, avoided);
    });
    await this.tick();
  }

  async begin(call: MeteredCall): Promise<OpenAccount> {
    const callId = randomUUID();
    const at = this.now();
    const estimatedTokens = wholeTokens(call.estimatedTokens);
    const cost = this.costOf(call, estimatedTokens, at);
    let reserved = NOTHING;
    try {
      if (call.tenant !== SERVICE_ACCOUNT)
        reserved = await this.budget.reserve(call.tenant, cost, { day: dayOf(at), now: at });
      const { tenant, provider, model, operation, items } = call;
      const noted: PendingCall = { tenant, provider, model, operation, items, estimatedTokens, at, reserved };
      await this.pending.note(callId, noted);
      return this.accountOf(callId, noted);
    } catch (error) {
      throw this.refusal(error, call, { callId, reserved, at });
    }
  }

  /** What is due: each second, of itself. Never fails; what the records do not take now is tried again. */
  tick(): Promise<void> {
    this.ticking ??= this.work()
      .catch(() => undefined)
      .finally(() => {
        this.ticking = undefined;
      });
    return this.ticking;
  }

  /** Calls that are over, and that the records have not taken yet. */
  get unsettled(): number {
    return this.late.size;
  }

  /** Writes down what waits. May be called twice. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.stopListening?.();
    this.timer = this.stopListening = undefined;
    await this.ticking;
    await this.tick();
    await this.pending.leave().catch(() => undefined);
  }

  private accountOf(callId: string, call: PendingCall): OpenAccount {
    let open = true;
    const settle = async (outcome: Outcome) => {
      if (!open) return;
      open = false;
      await this.settle({ callId, call, outcome });
    };
    return {
      callId,
      spent: (tokens) => settle({ sort: 'spent', tokens: wholeTokens(tokens) }),
      free: () => settle(undefined),
      uncertain: () => settle({ sort: 'uncertain', tokens: call.estimatedTokens }),
    };
  }

  private async settle(settling: Settling): Promise<void> {
    const { callId, call, outcome } = settling;
    try {
      const changes = this.changes(call, outcome);
      const settled = await this.settlements.once(callId, changes);
      if (!settled) await this.settlements.correct(callId, [...changes, ...this.takenBack(call)]);
      this.late.delete(callId);
      this.settled.push(callId);
      this.marks.push({ name: callId, at: this.now() });
      if (outcome) this.tell({ ...call, ...outcome }, call.at);
    } catch {
      this.late.set(callId, settling);
    }
  }

  /** In the hour and the day in which the call began, whenever it ended. */
  private changes(call: PendingCall, outcome: Outcome): TallyChange[] {
    const { tenant, reserved, at } = call;
    const spent = outcome ? this.costOf(call, outcome.tokens, at) : NOTHING;
    return [
      ...(outcome ? changesOf({ ...call, ...outcome, calls: 1 }, at, this.options) : []),
      ...this.budget.settling(tenant, dayOf(at), { reserved, spent }),
    ];
  }

  /** Undoes what a finder has noted of a call whose process was only thought dead. */
  private takenBack(call: PendingCall): TallyChange[] {
    return this.changes(call, uncertain(call)).map((change) => ({ ...change, by: -change.by }));
  }

  private async found({ callId, call }: LostCall): Promise<void> {
    const outcome = uncertain(call);
    const settled = await this.settlements.once(callId, this.changes(call, outcome), 'finder');
    if (settled) this.tell({ ...call, ...outcome }, call.at);
  }

  private tell({ tenant, provider, model, sort, tokens }: Omit<Noted, 'calls'>, at: number): void {
    const { currency } = this.prices;
    const exact = this.prices.costOf(tokens, { provider, model, day: dayOf(at) });
    const money = exact !== undefined && currency !== undefined && { amount: Number(moneyText(exact)), currency };
    announce('usage.noted', { tenant, provider, model, sort, tokens, ...(money && { money }) });
  }

  private costOf({ provider, model }: MeteredCall, tokens: number, at: number): Spending {
    const money = this.prices.costOf(tokens, { provider, model, day: dayOf(at) });
    return { tokens, nano: money === undefined ? 0 : nanoOf(money) };
  }

  private async work(): Promise<void> {
    const now = this.now();
    await this.pending.stayAlive(now);
    for (const settling of [...this.late.values()]) await this.settle(settling);
    await this.sendAvoided(now);
    await this.tidy(now);
    if (now - this.sweptAt < this.options.leaseMs) return;
    await this.pending.sweep((lost) => this.found(lost));
    this.sweptAt = now;
  }

  private async sendAvoided(now: number): Promise<void> {
    const batch = this.unsent.length < MAX_UNSENT ? this.hits.take(now, randomUUID) : undefined;
    if (batch) this.unsent.push(batch);
    while (this.unsent.length > 0) {
      const { id, at, lines } = this.unsent[0]!;
      const packs = packed(lines.map((line) => changesOf(line, at, this.options)));
      for (const [index, pack] of packs.entries()) await this.settlements.once(`${id}.${index}`, pack);
      this.unsent.shift();
      this.marks.push(...packs.map((_, index) => ({ name: `${id}.${index}`, at: now })));
      for (const line of lines) this.tell(line, at);
    }
  }

  /** A call is forgotten before its mark: a mark that outlives its call does no harm, the other way a sum would double. */
  private async tidy(now: number): Promise<void> {
    const calls = this.settled.slice();
    if (calls.length > 0) await this.pending.forget(calls);
    this.settled.splice(0, calls.length);
    const old = this.marks.filter(({ at }) => now - at > this.options.leaseMs);
    if (old.length > 0) await this.settlements.forget(old.map(({ name }) => name));
    this.marks.splice(0, old.length);
  }

  private refusal(
    error: unknown,
    call: MeteredCall,
    { callId, reserved, at }: { callId: string; reserved: Spending; at: number },
  ): Failure {
    if (isFailure(error, 'quota.exceeded')) return error;
    // It may have been noted, and only the answer lost.
    this.settled.push(callId);
    const back = this.budget.settling(call.tenant, dayOf(at), { reserved, spent: NOTHING });
    // Where this does not succeed either, the day has a little less to spend: the safe side.
    if (back.length > 0) void this.records.add(back).catch(() => undefined);
    return failure('usage.unavailable', { provider: call.provider }, { cause: error });
  }
}

/** Batches of avoided tokens that wait for the records; beyond, the sums go on in memory as one. */
const MAX_UNSENT = 8;

function uncertain(call: PendingCall): NonNullable<Outcome> {
  return { sort: 'uncertain', tokens: call.estimatedTokens };
}
