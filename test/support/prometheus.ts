// A real Prometheus for one test: a free port on loopback, a folder of its own, and what it scraped, asked by PromQL.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './redis.js';

export interface ScrapeTarget {
  /** `http://127.0.0.1:PORT` or `127.0.0.1:PORT`; a path after it is where the metrics are, else `/api/metrics`. */
  url: string;
  /** Beside `job` (`resk-caching`) and `instance` (host and port), which may be given here too. */
  labels?: Record<string, string>;
  /** Sent as a bearer token. */
  bearer?: string;
}

export interface PrometheusOptions {
  targets: readonly ScrapeTarget[];
  /** Paths of rule files; their rules are evaluated as often as the targets are scraped. */
  rules?: readonly string[];
  /** As Prometheus writes it; `1s` by default. The first scrape comes after about six seconds: discovery takes five. */
  scrapeInterval?: string;
  /** Whether exemplars are kept, so that `exemplars()` finds them. */
  exemplars?: boolean;
}

export type SeriesLabels = Record<string, string>;

/** One series at one moment; `value` may be NaN or ±Infinity, as PromQL says it. */
export interface Sample {
  metric: SeriesLabels;
  value: number;
}

/** One series over a time: pairs of seconds since 1970 and value. */
export interface SampleRange {
  metric: SeriesLabels;
  values: Array<[atSeconds: number, value: number]>;
}

export interface Rule {
  name: string;
  query: string;
  type: 'recording' | 'alerting';
  /** `err` after an evaluation that failed, with `lastError`. */
  health: 'ok' | 'err' | 'unknown';
  lastError?: string;
  /** Of alerting rules. */
  state?: 'inactive' | 'pending' | 'firing';
  labels?: SeriesLabels;
  annotations?: SeriesLabels;
  alerts?: Array<{ state: string; labels: SeriesLabels; annotations: SeriesLabels; value: string }>;
}

export interface RuleGroup {
  name: string;
  file: string;
  rules: Rule[];
}

export interface ExemplarSeries {
  seriesLabels: SeriesLabels;
  exemplars: Array<{ labels: SeriesLabels; value: string; timestamp: number }>;
}

interface Reply<T> {
  status: 'success' | 'error';
  data: T;
  error?: string;
}

const STARTING_TRIES = 5;
const READY_WITHIN_MS = 30_000;

/** Whether this machine has the program; the tests that need it say where it does not. */
export function hasPrometheus(): boolean {
  return spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Starts it and waits until it answers. Whatever happens, it ends with the test's process; `stop()` ends it before. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  for (let tries = 1; ; tries++) {
    // Another process may take the free port first: then another one is tried.
    const folder = await mkdtemp(join(tmpdir(), 'resk-prometheus-'));
    const server = new PrometheusServer(await freePort(), folder);
    try {
      await server.start(options);
      return server;
    } catch (error) {
      await server.stop();
      if (tries === STARTING_TRIES || server.refusesItsConfiguration) throw error;
    }
  }
}

export class PrometheusServer {
  private process: ChildProcess | undefined;
  private stderr = '';
  private readonly endWithUs = () => void this.process?.kill('SIGKILL');

  constructor(
    private readonly port: number,
    private readonly folder: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Whether it ended because of what it was told to scrape or to evaluate, which another port does not mend. */
  get refusesItsConfiguration(): boolean {
    return /error loading config|Error loading rules/i.test(this.stderr);
  }

  async start(options: PrometheusOptions): Promise<void> {
    const config = join(this.folder, 'prometheus.yml');
    // JSON is YAML.
    await writeFile(config, JSON.stringify(configuration(options)));
    this.process = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--web.listen-address=127.0.0.1:${this.port}`,
        `--storage.tsdb.path=${join(this.folder, 'data')}`,
        '--log.level=warn',
        ...(options.exemplars ? ['--enable-feature=exemplar-storage'] : []),
      ],
      { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.process.stderr!.on('data', (text) => (this.stderr += text));
    this.process.once('error', (error) => (this.stderr += error.message));
    process.once('exit', this.endWithUs);
    await this.ready();
  }

  /** The value of an expression now, or at a time (milliseconds since 1970). A scalar is one sample without labels. */
  async query(expr: string, at?: number): Promise<Sample[]> {
    const time: Record<string, string> = at === undefined ? {} : { time: String(at / 1000) };
    type Pair = [number, string];
    type Result =
      | { resultType: 'vector'; result: Array<{ metric: SeriesLabels; value: Pair }> }
      | { resultType: 'scalar' | 'string'; result: Pair };
    const data = await this.ask<Result>('query', { query: expr, ...time });
    if (data.resultType !== 'vector') return [{ metric: {}, value: numberOf(data.result[1]) }];
    return data.result.map(({ metric, value }) => ({ metric, value: numberOf(value[1]) }));
  }

  /** The values of an expression from a time to another (milliseconds since 1970), every so many seconds. */
  async range(expr: string, from: number, to: number, stepSeconds: number): Promise<SampleRange[]> {
    const { result } = await this.ask<{ result: Array<{ metric: SeriesLabels; values: Array<[number, string]> }> }>(
      'query_range',
      { query: expr, start: String(from / 1000), end: String(to / 1000), step: String(stepSeconds) },
    );
    return result.map(({ metric, values }) => ({
      metric,
      values: values.map(([at, value]) => [at, numberOf(value)]),
    }));
  }

  /** The labels of every series that a selector finds, e.g. `{__name__=~"resk_.+"}`. */
  series(selector: string): Promise<SeriesLabels[]> {
    return this.ask('series', { 'match[]': selector });
  }

  /** The values that a label has, of all series or of those that a selector finds. */
  labelValues(label: string, selector?: string): Promise<string[]> {
    return this.ask(`label/${label}/values`, selector === undefined ? {} : { 'match[]': selector });
  }

  /** Every group of rules with the outcome of its last evaluation. */
  async rules(): Promise<RuleGroup[]> {
    return (await this.ask<{ groups: RuleGroup[] }>('rules', {})).groups;
  }

  /** The exemplars of the series that an expression names, of the last hour. */
  exemplars(expr: string): Promise<ExemplarSeries[]> {
    const now = Date.now() / 1000;
    return this.ask('query_exemplars', { query: expr, start: String(now - 3600), end: String(now + 60) });
  }

  /** Ends the process and removes its folder. May be called twice. */
  async stop(): Promise<void> {
    process.removeListener('exit', this.endWithUs);
    const child = this.process;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async ask<T>(what: string, parameters: Record<string, string>): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${what}?${new URLSearchParams(parameters)}`);
    const reply = (await response.json()) as Reply<T>;
    if (reply.status !== 'success')
      throw new Error(`Prometheus refuses ${Object.values(parameters)[0]}: ${reply.error}`);
    return reply.data;
  }

  private async ready(): Promise<void> {
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    while (!(await this.answers())) {
      const { pid, exitCode, signalCode } = this.process!;
      const ended = pid === undefined || exitCode !== null || signalCode !== null;
      if (ended || Date.now() > giveUpAt) throw new Error(`Prometheus does not answer: ${this.stderr}`);
      await pause(20);
    }
  }

  private async answers(): Promise<boolean> {
    // A stranger's server on this port is not ours: ours says so only while it lives.
    const ready = await fetch(`${this.url}/-/ready`).catch(() => undefined);
    await ready?.arrayBuffer();
    return ready?.status === 200 && this.process?.exitCode === null;
  }
}

function configuration({ targets, rules = [], scrapeInterval = '1s' }: PrometheusOptions): object {
  return {
    global: { scrape_interval: scrapeInterval, scrape_timeout: scrapeInterval, evaluation_interval: scrapeInterval },
    rule_files: rules.map((file) => resolve(file)),
    scrape_configs: targets.map(scrapeOf),
  };
}

function scrapeOf({ url, labels, bearer }: ScrapeTarget, at: number): object {
  const { protocol, host, pathname } = new URL(url.includes('://') ? url : `http://${url}`);
  return {
    job_name: `target-${at}`,
    scheme: protocol.slice(0, -1),
    metrics_path: pathname === '/' ? '/api/metrics' : pathname,
    ...(bearer !== undefined && { authorization: { credentials: bearer } }),
    // Certificates of tests are signed by nobody whom Prometheus knows.
    ...(protocol === 'https:' && { tls_config: { insecure_skip_verify: true } }),
    static_configs: [{ targets: [host], labels: { job: 'resk-caching', ...labels } }],
  };
}

/** PromQL writes infinities with a sign. */
function numberOf(text: string): number {
  return Number(text.replace(/Inf$/, 'Infinity'));
}
