// Counters and histograms that cost nanoseconds to feed: plain numbers, handed to prom-client when somebody scrapes.
import { Counter, Histogram, type Registry } from 'prom-client';
import { type Exemplar, Exemplars } from './exemplars.js';
import { type SeriesRow, SeriesTable } from './series-table.js';
import { recordedSpan } from './spans.js';

export interface TallyOptions {
  name: string;
  help: string;
  /** At most three, each with values of a closed set. */
  labels: readonly string[];
  registry: Registry;
  /** Series at most; further combinations count as `other`. */
  maxSeries?: number;
}

export interface CounterTallyOptions extends TallyOptions {
  /** Called when the first series with these first two labels begins: to begin others at nothing, since only then their first event is an increase. */
  onPair?: (first: string, second: string) => void;
}

/** Bounds in seconds, from a memory hit to a slow vendor; 0.1 and 0.2 are the objectives of docs/SLO.md. */
export const DURATION_BOUNDS = [
  0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** A counter of the registry. */
export class CounterTally {
  private readonly table: SeriesTable<{ total: number }>;

  constructor({ name, help, labels, registry, maxSeries, onPair }: CounterTallyOptions) {
    const table = new SeriesTable(labels, () => ({ total: 0 }), maxSeries, onPair);
    this.table = table;
    new Counter({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        this.reset();
        for (const row of table.rows) this.inc(row.labels, row.series.total);
      },
    });
  }

  /** Adds to the series of these label values; what is not a positive number adds nothing. */
  add(amount: number, first?: string, second?: string, third?: string): void {
    const series = this.table.at(first, second, third);
    // One NaN would make every scrape from then on fail.
    if (amount > 0) series.total += amount;
  }
}

/** A histogram of the registry. */
export class HistogramTally {
  private readonly table: SeriesTable<Buckets>;

  constructor({ name, help, labels, registry }: TallyOptions, bounds: readonly number[] = DURATION_BOUNDS) {
    const limits = Float64Array.from(bounds);
    this.table = new SeriesTable(labels, () => new Buckets(limits));
    new TalliedHistogram({ name, help, labelNames: labels, buckets: [...bounds], registers: [registry] }, this.table);
  }

  /** Counts one value in the series of these label values; where a trace is recorded, it stands as the example of its bucket. */
  observe(value: number, first?: string, second?: string, third?: string): void {
    const series = this.table.at(first, second, third);
    const index = series.observe(value);
    const recorded = recordedSpan();
    if (recorded) series.exemplars.put(index, value, recorded);
  }
}

class Buckets {
  /** How many values fell into each bucket alone; the last is for those above every bound. */
  readonly counts: Float64Array;
  sum = 0;
  count = 0;
  /** One request for each bucket that values have fallen into. */
  readonly exemplars = new Exemplars();

  constructor(private readonly bounds: Float64Array) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Gives the bucket. */
  observe(value: number): number {
    // One NaN would make the sum NaN for ever; a clock that stepped back would make it fall.
    if (!(value >= 0)) value = 0;
    let index = 0;
    while (index < this.bounds.length && value > this.bounds[index]!) index++;
    this.counts[index]!++;
    this.sum += value;
    this.count++;
    return index;
  }
}

type HistogramConfig = ConstructorParameters<typeof Histogram>[0];
type HistogramValues = Awaited<ReturnType<Histogram['get']>>;

/** prom-client's histogram, except that its values are read from the table. */
class TalliedHistogram extends Histogram {
  constructor(
    private readonly config: HistogramConfig,
    private readonly table: SeriesTable<Buckets>,
  ) {
    super(config);
  }

  override async get(): Promise<HistogramValues> {
    const { name, help } = this.config;
    const values = this.table.rows.flatMap((row) => this.valuesOf(row));
    return { name, help, type: 'histogram', aggregator: 'sum', values } as unknown as HistogramValues;
  }

  /** What prom-client's registry calls for its text form. */
  getForPromString(): Promise<HistogramValues> {
    return this.get();
  }

  private valuesOf({ labels, series }: SeriesRow<Buckets>): HistogramValues['values'] {
    const { name, buckets = [] } = this.config;
    let below = 0;
    const example = (index: number): { exemplar?: Exemplar } => {
      const exemplar = series.exemplars.at(index);
      return exemplar ? { exemplar } : {};
    };
    const bounded = buckets.map((le, index) => {
      below += series.counts[index]!;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below, ...example(index) };
    });
    const last = { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: series.count };
    return [
      ...bounded,
      { ...last, ...example(buckets.length) },
      { metricName: `${name}_sum`, labels, value: series.sum },
      { metricName: `${name}_count`, labels, value: series.count },
    ];
  }
}
