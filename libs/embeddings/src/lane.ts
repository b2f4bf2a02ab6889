// One line of texts for one model, tenant and purpose: those of several callers share calls, and each gets its own back.
import { setImmediate } from 'node:timers/promises';
import { failure, isFailure } from '#ports';
import { estimatedTokens } from '#resilience';
import { type BatchLimits, shared } from './batch-limits.js';
import type { GuardedReply } from './guarded-model.js';
import { RefusedText, type TextProblem } from './text-problem.js';

export interface LaneOptions {
  /** Makes one call. Its signal is aborted when nobody waits for any of the texts any more. */
  send: (texts: readonly string[], signal: AbortSignal) => Promise<GuardedReply>;
  provider: string;
  limits: BatchLimits;
  /** Calls under way at a time. */
  parallel: number;
  /** How long a call that has room waits for further texts. Milliseconds; 0 = not at all. */
  gatherMs: number;
  /** Whether the calls compute in this thread: between them, others have their turn. */
  yields: boolean;
}

/** What one text came to. */
export interface Taken {
  vector: Float32Array;
  /** Its share of the tokens of its call; 0 for a caller that another one had asked before. */
  tokens: number;
}

/** What one caller waits for. It is settled once: with all of its texts, or by the first thing that goes wrong. */
interface Wish {
  readonly tickets: readonly Ticket[];
  readonly taken: Map<string, Taken>;
  settle(error?: unknown): void;
}

/** One text, for all who want it: waiting, or in a call. */
class Ticket {
  readonly wishes = new Set<Wish>();
  call: Call | undefined;

  constructor(
    readonly text: string,
    readonly tokens: number,
  ) {}
}

/** One call that is under way, for as long as anybody waits for it. */
class Call {
  private readonly leaving = new AbortController();
  private awaited: number;

  constructor(tickets: readonly Ticket[]) {
    this.awaited = tickets.length;
    for (const ticket of tickets) ticket.call = this;
  }

  get signal(): AbortSignal {
    return this.leaving.signal;
  }

  /** Nobody waits for one of its texts any more. */
  left(reason: unknown): void {
    this.awaited--;
    if (this.awaited === 0) this.leaving.abort(reason);
  }
}

export class Lane {
  private readonly tickets = new Map<string, Ticket>();
  /** The waiting texts of each caller, last first. Calls take from all in turn, so that a long list holds up no short one. */
  private readonly queues: Ticket[][] = [];
  private readonly waiting = { texts: 0, tokens: 0 };
  private running = 0;
  private due = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly o: LaneOptions) {}

  /** Whether nothing waits and nothing is under way. */
  get idle(): boolean {
    return this.tickets.size === 0 && this.running === 0;
  }

  /**
   * The vectors of different texts, at least one. A text that somebody waits for already is not asked for again.
   * @throws RefusedText, or what the call throws; or the reason of the signal, while others wait on.
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Map<string, Taken>> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const tickets = this.ticketsFor(texts);
      const wish: Wish = {
        tickets,
        taken: new Map(),
        settle: (error) => {
          signal?.removeEventListener('abort', leave);
          for (const ticket of tickets) this.leave(ticket, wish, error);
          if (error === undefined) resolve(wish.taken);
          else reject(error);
        },
      };
      const leave = () => wish.settle(signal?.reason);
      signal?.addEventListener('abort', leave, { once: true });
      for (const ticket of tickets) ticket.wishes.add(wish);
      if (this.o.gatherMs === 0) this.due = true;
      this.pump();
    });
  }

  private ticketsFor(texts: readonly string[]): Ticket[] {
    const fresh: Ticket[] = [];
    const tickets = texts.map((text) => {
      const known = this.tickets.get(text);
      if (known) return known;
      const ticket = new Ticket(text, this.tokensOf(text));
      this.tickets.set(text, ticket);
      this.waiting.texts++;
      this.waiting.tokens += ticket.tokens;
      fresh.push(ticket);
      return ticket;
    });
    if (fresh.length > 0) this.queues.push(fresh.reverse());
    return tickets;
  }

  private tokensOf(text: string): number {
    return Math.min(estimatedTokens([text]), this.o.limits.tokensOfText ?? Infinity);
  }

  /** Starts the calls that are full, or have waited long enough, as far as there are places. */
  private pump(): void {
    const { parallel, gatherMs } = this.o;
    while (this.waiting.texts > 0 && this.running < parallel && (this.due || this.hasFullCall())) {
      this.running++;
      void this.run(this.next()).then(async () => {
        if (this.o.yields && this.waiting.texts > 0) await setImmediate();
        this.running--;
        this.pump();
      });
    }
    if (this.waiting.texts > 0 && !this.due) this.timer ??= setTimeout(() => this.endGathering(), gatherMs);
    if (this.waiting.texts > 0) return;
    this.due = false;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private endGathering(): void {
    this.timer = undefined;
    this.due = true;
    this.pump();
  }

  private hasFullCall(): boolean {
    const { limits } = this.o;
    return this.waiting.texts >= limits.texts || this.waiting.tokens >= limits.tokens;
  }

  private next(): Ticket[] {
    const { limits } = this.o;
    const batch: Ticket[] = [];
    let tokens = 0;
    for (let queue = this.queues.shift(); queue; queue = this.queues.shift()) {
      const ticket = queue.pop();
      if (!ticket) continue;
      const fits = batch.length === 0 || (batch.length < limits.texts && tokens + ticket.tokens <= limits.tokens);
      if (fits || ticket.wishes.size === 0) this.queues.push(queue);
      if (ticket.wishes.size === 0) continue;
      if (!fits) {
        queue.push(ticket);
        this.queues.unshift(queue);
        break;
      }
      batch.push(ticket);
      tokens += ticket.tokens;
    }
    this.waiting.texts -= batch.length;
    this.waiting.tokens -= tokens;
    return batch;
  }

  /** Never rejects: what goes wrong is told to those who wait. */
  private async run(tickets: readonly Ticket[]): Promise<void> {
    const wanted = tickets.filter((ticket) => ticket.wishes.size > 0);
    if (wanted.length === 0) return;
    const call = new Call(wanted);
    try {
      const { outcomes, tokens } = await this.o.send(
        wanted.map((ticket) => ticket.text),
        call.signal,
      );
      const shares = shared(
        tokens,
        wanted.map((ticket) => ticket.tokens),
      );
      for (const [at, ticket] of wanted.entries()) this.deliver(ticket, outcomes[at]!, shares[at]!);
    } catch (error) {
      if (isFailure(error, 'embedding.input_refused')) return this.isolate(wanted, error);
      for (const ticket of wanted) this.fail(ticket, error);
    }
  }

  /** The text that is named fails alone. Refused without naming one, or as too much at once: the halves fit, or lead to it. */
  private async isolate(tickets: readonly Ticket[], cause: unknown): Promise<void> {
    const position = tickets.length === 1 ? 0 : Number(isFailure(cause) && cause.facts.position);
    const named = tickets[position];
    if (named) {
      const { provider } = this.o;
      this.refuse(named, (at) => failure('embedding.input_refused', { provider, position: at }, { cause }));
      return this.run(tickets.filter((ticket) => ticket !== named));
    }
    const half = tickets.length >> 1;
    await this.run(tickets.slice(0, half));
    await this.run(tickets.slice(half));
  }

  private deliver(ticket: Ticket, outcome: Float32Array | TextProblem, tokens: number): void {
    if (typeof outcome === 'function') {
      this.refuse(ticket, outcome);
      return;
    }
    let share = tokens;
    for (const wish of ticket.wishes) {
      wish.taken.set(ticket.text, { vector: outcome, tokens: share });
      share = 0;
      if (wish.taken.size === wish.tickets.length) wish.settle();
    }
    this.forget(ticket);
  }

  private refuse(ticket: Ticket, problem: TextProblem): void {
    this.fail(ticket, new RefusedText(ticket.text, problem));
  }

  private fail(ticket: Ticket, error: unknown): void {
    for (const wish of ticket.wishes) wish.settle(error);
    this.forget(ticket);
  }

  /** A text that nobody waits for is not sent; and its call ends, if it was the last one of it. */
  private leave(ticket: Ticket, wish: Wish, reason: unknown): void {
    if (!ticket.wishes.delete(wish) || ticket.wishes.size > 0) return;
    this.forget(ticket);
    if (ticket.call) ticket.call.left(reason);
    else {
      this.waiting.texts--;
      this.waiting.tokens -= ticket.tokens;
    }
  }

  private forget(ticket: Ticket): void {
    if (this.tickets.get(ticket.text) === ticket) this.tickets.delete(ticket.text);
  }
}
