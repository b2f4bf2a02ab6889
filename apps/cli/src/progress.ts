// Shows how far a run is: a bar on a terminal, a line now and then elsewhere.
import { SingleBar } from 'cli-progress';
import type { Io } from './io.js';
import { count, seconds } from './numbers.js';

export interface Progress {
  /** So much work (in the unit of the total) and so many items more are done. */
  advance(work: number, items: number): void;
  /** Says something in between. */
  note(line: string): void;
  stop(): void;
}

/** `totalWork` in any unit, e.g. bytes of a file; 0 = unknown: then only items are counted. */
export function progressOn(io: Io, unit: string, totalWork: number): Progress {
  return io.stderr.isTTY ? new Bar(io, unit, totalWork) : new Lines(io, unit, totalWork);
}

class Meter {
  private work = 0;
  items = 0;
  private readonly begunMs: number;

  constructor(
    private readonly now: () => number,
    private readonly totalWork: number,
  ) {
    this.begunMs = now();
  }

  add(work: number, items: number): void {
    this.work += work;
    this.items += items;
  }

  get done(): number {
    return this.totalWork > 0 ? Math.min(1, this.work / this.totalWork) : 0;
  }

  /** Items a second, since the beginning. */
  get rate(): string {
    return `${count(this.items / Math.max(0.001, this.elapsedMs / 1000))}/s`;
  }

  get remaining(): string {
    return this.done > 0 ? `${seconds((this.elapsedMs / this.done) * (1 - this.done))} left` : '';
  }

  get elapsedMs(): number {
    return this.now() - this.begunMs;
  }
}

class Bar implements Progress {
  private readonly bar: SingleBar;
  private readonly meter: Meter;

  constructor(
    io: Io,
    private readonly unit: string,
    totalWork: number,
  ) {
    this.meter = new Meter(io.now, totalWork);
    this.bar = new SingleBar({
      format: '{bar} {percentage} % | {items} | {rate} | {remaining}',
      stream: io.stderr,
      hideCursor: true,
      fps: 8,
    });
    this.bar.start(100, 0, { items: `0 ${unit}`, rate: '', remaining: '' });
  }

  advance(work: number, items: number): void {
    this.meter.add(work, items);
    const { done, rate, remaining } = this.meter;
    this.bar.update(Math.floor(done * 100), { items: `${count(this.meter.items)} ${this.unit}`, rate, remaining });
  }

  note(line: string): void {
    this.bar.update({ remaining: line });
  }

  stop(): void {
    this.bar.stop();
  }
}

const LINE_EVERY_MS = 2000;

class Lines implements Progress {
  private readonly meter: Meter;
  private shownMs = 0;

  constructor(
    private readonly io: Io,
    private readonly unit: string,
    totalWork: number,
  ) {
    this.meter = new Meter(io.now, totalWork);
  }

  advance(work: number, items: number): void {
    this.meter.add(work, items);
    const { done, rate, remaining, elapsedMs } = this.meter;
    if (elapsedMs - this.shownMs < LINE_EVERY_MS) return;
    this.shownMs = elapsedMs;
    const parts = [`${Math.floor(done * 100)} %`, `${count(this.meter.items)} ${this.unit}`, rate, remaining];
    this.note(parts.filter(Boolean).join(', '));
  }

  note(line: string): void {
    this.io.stderr.write(`${line}\n`);
  }

  stop(): void {}
}
