// Keeps one series for each combination of label values, found without making a key, and never more than a set number.

export interface SeriesRow<Series> {
  readonly labels: Readonly<Record<string, string>>;
  readonly series: Series;
}

/** Where label values go that come after the table is full. */
const OTHER = 'other';

/**
 * Up to three labels. Label values come from closed sets (route templates, tiers, codes); should a mistake feed it
 * something open, memory still stays bounded: after `maxSeries` combinations the rest counts as `other`.
 */
export class SeriesTable<Series> {
  readonly rows: SeriesRow<Series>[] = [];
  private readonly tree = new Map<string, Map<string, Map<string, Series>>>();
  private other: Series | undefined;

  constructor(
    private readonly labelNames: readonly string[],
    private readonly make: () => Series,
    private readonly maxSeries = 1000,
    /** Called with the first two values of a series where no series had them before. */
    private readonly onPair?: (first: string, second: string) => void,
  ) {}

  /** The series of these label values, in the order of the label names. A look-up makes no garbage. */
  at(first = '', second = '', third = ''): Series {
    return this.tree.get(first)?.get(second)?.get(third) ?? this.admit(first, second, third);
  }

  private admit(first: string, second: string, third: string): Series {
    if (this.rows.length >= this.maxSeries) {
      this.other ??= this.add([OTHER, OTHER, OTHER]);
      return this.other;
    }
    const made = this.add([first, second, third]);
    const branch = below(below(this.tree, first), second);
    const isFirst = branch.size === 0;
    branch.set(third, made);
    if (isFirst) this.onPair?.(first, second);
    return made;
  }

  private add(values: readonly string[]): Series {
    const labels = Object.fromEntries(this.labelNames.map((name, index) => [name, values[index]!]));
    const series = this.make();
    this.rows.push({ labels, series });
    return series;
  }
}

function below<Leaf>(tree: Map<string, Map<string, Leaf>>, key: string): Map<string, Leaf> {
  let found = tree.get(key);
  if (!found) {
    found = new Map();
    tree.set(key, found);
  }
  return found;
}
