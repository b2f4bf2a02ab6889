// The door of questions.
import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { QueryService } from '#query';
import { Endpoint } from '../endpoint.js';
import { answerHeaders, answerJson } from './answer-json.js';
import { setHeaders } from './fastify-instance.js';
import { REFINEMENT_FAILURES } from './refinement-failures.js';
import { AnswerDto, QuestionDto } from './schemas/question.schema.js';

const HEADERS = {
  'x-cache-status': 'hit, stale, semantic or miss.',
  'cache-status': 'RFC 9211.',
  age: 'Seconds since the answer was kept.',
  'server-timing': 'Milliseconds by layer.',
};

@ApiTags('cache')
@Controller('api/cache')
export class QueryController {
  constructor(private readonly queries: QueryService) {}

  @Post('query')
  @Endpoint({
    summary: 'Ask a question',
    description: 'Answers from the cache, else from the vector store, and says where the answer came from.',
    input: { body: QuestionDto },
    scope: 'cache:read',
    cost: 1,
    reply: AnswerDto,
    replyHeaders: HEADERS,
    failures: [
      'request.late',
      'tenant.crowded',
      'embedding.model_unknown',
      'privacy.refused',
      'embedding.input_refused',
      'embedding.provider_failed',
      'vector.store_unavailable',
      'vector.filter_unsupported',
      ...REFINEMENT_FAILURES,
    ],
  })
  async ask(@Body() body: QuestionDto, @Req() { exchange }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.queries.ask(body, exchange.caller!, { signal: exchange.signal });
    setHeaders(reply, answerHeaders(answer));
    await reply.type('application/json; charset=utf-8').send(answerJson(answer));
  }
}
