// The baseline: a bare Fastify route that parses the same body and returns the same bytes, and nothing else.
import fastify from 'fastify';

const { BENCH_REPLY = '{}', PORT = '0' } = process.env;
const server = fastify();
server.get('/health', () => 'ok');
server.post('/api/cache/query', (request, reply) => {
  if ((request.body as { query?: unknown }).query === undefined) throw new Error('the body was not parsed');
  return reply.type('application/json; charset=utf-8').send(BENCH_REPLY);
});
await server.listen({ port: Number(PORT), host: '127.0.0.1' });
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
