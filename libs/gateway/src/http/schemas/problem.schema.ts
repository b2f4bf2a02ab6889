// The body of every error reply, by RFC 9457.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

export const problemSchema = z
  .object({
    type: z.string().describe('Names the kind of problem: urn:resk-caching:failure: and the code.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable; listed in docs/FAILURES.md.'),
    detail: z.string().describe('What happened, to which named thing, and what to do.'),
    errors: z
      .array(z.object({ path: z.string(), code: z.string(), message: z.string() }))
      .optional()
      .describe('Problems field by field, for 400.'),
    correlationId: z.string(),
  })
  .meta({
    example: {
      type: 'urn:resk-caching:failure:request.invalid',
      title: 'Invalid input',
      status: 400,
      code: 'request.invalid',
      detail: 'The body is not valid: 1 problem(s), listed in errors (the first 100).',
      errors: [{ path: 'ttl', code: 'too_small', message: 'Too small: expected number to be >=1' }],
      correlationId: '6d0c1f0e-6c1b-4b8e-9a43-0f4fb0d2c6a1',
    },
  });

export class ProblemDto extends createZodDto(problemSchema) {}
