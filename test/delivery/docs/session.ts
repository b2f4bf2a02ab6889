// Plays the steps of a document at a terminal: one bash in a scratch copy of the repository, as a clone has it after install and build.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../../support/redis.js';
import { ROOT } from './documents.js';
import { differsInForm } from './form.js';
import type { Step } from './plan.js';

/** Ports that documents name; each becomes a free one. The first is the server's own. */
const PORTS = [3000, 3001, 3002, 6379, 6380, 8000, 9090];
const PORT_PLACE = /(?<=\b(?:localhost|127\.0\.0\.1):|PORT=|--port[ =]|-p )\d+/g;
/** Where a block says itself on which port its server listens. */
const LISTENS = /(?:PORT=|--port[ =]|-p )(?<port>\d+)/;
const NOT_COPIED = new Set(['node_modules', '.git', 'data', 'coverage', '.env']);
const WITHIN_S = 240;

export interface Played {
  /** `undefined` where every step went as the document says. */
  problem?: string;
}

const USUAL_SERVER: Step = { kind: 'server', line: 0, text: 'npx resk serve' };

/** A document that asks a server, and starts none, finds one running. */
export async function play(written: readonly Step[]): Promise<Played> {
  const asks = written.some(({ text }) => text.includes('localhost:3000') || /\bresk\b/.test(text));
  const steps = asks && !written.some(({ kind }) => kind === 'server') ? [USUAL_SERVER, ...written] : written;
  const folder = mkdtempSync(join(tmpdir(), 'docs-'));
  try {
    const clone = scratchCopy(folder);
    const ports = await portsFor(PORTS);
    const session = writeSession(folder, steps, ports);
    const { code, last, error } = await atTheTerminal(session, clone, ports);
    return { problem: problemOf({ folder, steps, code, last, error }) };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function scratchCopy(folder: string): string {
  const clone = join(folder, 'resk-caching');
  mkdirSync(clone);
  const parts = readdirSync(ROOT).filter((name) => !NOT_COPIED.has(name));
  // cp keeps times to the nanosecond: by them the copy knows that it is built already.
  const { status, stderr } = spawnSync('cp', ['-a', ...parts, clone], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  mkdirSync(join(folder, 'home'));
  mkdirSync(join(folder, 'bin'));
  // npx reads all of node_modules before it starts anything, which takes seconds; where it leads is tested once.
  const npx = `#!/bin/bash\nif [ "$1" = resk ]; then shift; exec node ${clone}/apps/cli/bin/resk.mjs "$@"; fi\nexec /usr/bin/env -S PATH="$USUAL_PATH" npx "$@"\n`;
  writeFileSync(join(folder, 'bin/npx'), npx, { mode: 0o755 });
  // A refusal is a failure of the command: documents show commands that work.
  writeFileSync(join(folder, 'home/.curlrc'), 'fail-with-body\nshow-error\n');
  return clone;
}

async function portsFor(wanted: readonly number[]): Promise<Map<number, number>> {
  const ports = new Map<number, number>();
  while (ports.size < wanted.length) {
    const port = await freePort();
    if (![...ports.values()].includes(port)) ports.set(wanted[ports.size]!, port);
  }
  return ports;
}

export function withPorts(text: string, ports: ReadonlyMap<number, number>): string {
  return text.replace(PORT_PLACE, (port) => String(ports.get(Number(port)) ?? port));
}

function writeSession(folder: string, steps: readonly Step[], ports: ReadonlyMap<number, number>): string {
  const lines = [LIBRARY];
  for (const [index, step] of steps.entries()) {
    const file = join(folder, `step.${index}`);
    const text = withPorts(step.text, ports);
    writeFileSync(file, `${text}\n`);
    const port = LISTENS.exec(text)?.groups?.port ?? ports.get(3000);
    lines.push(`echo ${index} >&3`, commandOf(step, file, String(port)));
  }
  lines.push('echo end >&3');
  const session = join(folder, 'session.sh');
  writeFileSync(session, `${lines.join('\n')}\n`);
  return session;
}

function commandOf({ kind, name }: Step, file: string, port: string): string {
  const out = `> ${file}.out 2> ${file}.err`;
  if (kind === 'file') return `mkdir -p "$(dirname ${name})"; cp ${file} ${name}`;
  if (kind === 'server') return `begin ${port} ${file}`;
  if (kind === 'stop') return 'finish TERM';
  if (kind === 'kill') return 'finish KILL';
  if (kind === 'fails') {
    return `set +e; source ${file} ${out}; code=$?; set -e; [ $code -ne 0 ] || { echo 'it did not fail' >> ${file}.err; exit 1; }`;
  }
  return `source ${file} ${out}`;
}

/** Servers are groups of processes by port: whatever a block started ends with it. */
const LIBRARY = `
set -euo pipefail
declare -A servers=()
open() { (exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
finish() {
  for port in "\${!servers[@]}"; do
    if [ $# -gt 1 ] && [ "$2" != "$port" ]; then continue; fi
    kill -"$1" -- "-\${servers[$port]}" 2>/dev/null || true
    for _ in $(seq 300); do kill -0 -- "-\${servers[$port]}" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-\${servers[$port]}" 2>/dev/null || true
    unset "servers[$port]"
  done
}
begin() {
  finish TERM "$1"
  export -f $(compgen -A function | grep -vx -e open -e finish -e begin) 2>/dev/null || true
  setsid bash -euo pipefail "$2" > "$2.out" 2> "$2.err" &
  servers[$1]=$!
  for _ in $(seq 600); do
    if open "$1"; then return 0; fi
    kill -0 "\${servers[$1]}" 2>/dev/null || { echo "it ended before it answered" >> "$2.err"; return 1; }
    sleep 0.1
  done
  echo "nothing answers on port $1" >> "$2.err"
  return 1
}
trap 'finish TERM' EXIT
`;

async function atTheTerminal(session: string, clone: string, ports: ReadonlyMap<number, number>) {
  const [home, bin] = [join(dirname(clone), 'home'), join(dirname(clone), 'bin')];
  const usual = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;
  const env = {
    PATH: `${bin}:${usual}`,
    USUAL_PATH: usual,
    HOME: home,
    LANG: 'C.UTF-8',
    PORT: String(ports.get(3000)),
    npm_config_cache: join(home, 'npm'),
    npm_config_update_notifier: 'false',
    npm_config_offline: 'true',
  };
  const child = spawn('timeout', ['--kill-after=20', `${WITHIN_S}`, 'bash', session], {
    cwd: clone,
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let [steps, error] = ['', ''];
  child.stdio[2]!.on('data', (text) => (error += text));
  child.stdio[3]!.on('data', (text) => (steps += text));
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.removeListener('exit', endWithUs);
  child.stdio[2]!.destroy();
  return { code, last: steps.trim().split('\n').at(-1) ?? '', error };
}

interface End {
  folder: string;
  steps: readonly Step[];
  code: number | null;
  /** The step that was begun last, or `end`. */
  last: string;
  error: string;
}

function problemOf({ folder, steps, code, last, error }: End): string | undefined {
  const said = (index: number, what: 'out' | 'err') => {
    const file = join(folder, `step.${index}.${what}`);
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const everyServer = () => steps.flatMap(({ kind }, index) => (kind === 'server' ? [said(index, 'err')] : []));
  if (last !== 'end') {
    const index = Number(last);
    const step = steps[index];
    const told = [said(index, 'out'), said(index, 'err'), error, ...everyServer()].map((text) => text.slice(-3000));
    return `line ${step?.line}: ended with ${code}\n${step?.text}\n${told.join('\n')}`;
  }
  for (const [index, { reply }] of steps.entries()) {
    const why = reply && differsInForm(reply.form, reply.text, said(index, 'out'));
    if (why) return `line ${reply.line}: ${why}`;
  }
  return undefined;
}
