// What is asked of the audit log, and a page of it.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

export const auditQuery = z.strictObject({
  from: z.coerce.number().int().min(1).default(1).meta({ description: 'Number of the first line.', example: '1' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100).meta({ description: 'Lines at most.', example: '100' }),
});

export class AuditPageDto extends createZodDto(
  z.object({
    lines: z
      .array(z.object({ number: z.number().int(), line: z.string() }))
      .describe(
        'Lines as they are kept: JSON texts, each with its hash, the hash of the line before, and a signature.',
      ),
    next: z.number().int().nullable().describe('Where the next page begins; null after the last.'),
  }),
) {}
