// Asks a Service as a client does, and fails where it does not do what it promises: node smoke.mjs http://release-resk-caching.answers.svc:3000
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

const { SMOKE_CA, SMOKE_TOKEN, SMOKE_CLIENT, SMOKE_PATIENCE_MS = '60000', METRICS_ACCESS } = process.env;
const base = new URL(process.argv[2]);
const ours = {
  ...(SMOKE_CA && { ca: readFileSync(SMOKE_CA) }),
  ...(SMOKE_CLIENT && {
    cert: readFileSync(`${SMOKE_CLIENT}/tls.crt`),
    key: readFileSync(`${SMOKE_CLIENT}/tls.key`),
  }),
};

function ask(method, path, { token, body } = {}) {
  const { request } = base.protocol === 'https:' ? https : http;
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, base), { method, headers, timeout: 5000, ...ours }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (part) => (text += part));
      reply.on('end', () => resolve({ status: reply.statusCode, text }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 5 s')));
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

let failed = 0;

function judge(what, { status, text }, expected, good = true) {
  const well = status === expected && good;
  if (!well) failed++;
  console.log(
    `${well ? 'ok    ' : 'FAILED'} ${what}: ${status}${well ? '' : ` (expected ${expected}) ${text.slice(0, 300)}`}`,
  );
}

/** A Service whose pods have just begun may need a while. */
async function patiently(path) {
  for (const until = Date.now() + Number(SMOKE_PATIENCE_MS); ; await pause(1000)) {
    const reply = await ask('GET', path).catch(({ message }) => ({ status: 0, text: message }));
    if (reply.status === 200 || Date.now() > until) return reply;
  }
}

const QUESTION = { query: `Does the release answer? ${new Date().toISOString()}` };

judge('lives', await patiently('/health/live'), 200);
judge('is ready', await patiently('/health/ready'), 200);
if (failed === 0) {
  judge('asks for a token', await ask('POST', '/api/cache/query', { body: QUESTION }), 401);
  if (METRICS_ACCESS === 'token') judge('keeps its metrics', await ask('GET', '/api/metrics'), 401);
  if (SMOKE_TOKEN) await keepAndAsk(SMOKE_TOKEN);
}
process.exitCode = failed === 0 ? 0 : 1;

async function keepAndAsk(token) {
  const kept = await ask('POST', '/api/cache', { token, body: { ...QUESTION, response: 'It does.' } });
  judge('keeps an answer', kept, 200);
  const answer = await ask('POST', '/api/cache/query', { token, body: QUESTION });
  judge('gives it back', answer, 200, answer.text.includes('It does.'));
}
