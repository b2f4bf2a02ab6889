// Requests are verified through passport by the one token verifier.
import type { ArgumentsHost } from '@nestjs/common';
import {
  CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Global,
  Injectable,
  Module,
  Req,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Strategy } from 'passport-jwt';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { authSection, type Caller, lockoutSection, TokenVerifier } from '#auth';
import { AuthModule, PassportAuthenticator, type RequestWithToken } from '#auth/module';
import { readConfig, runtimeSection, type Sources } from '#config';
import { ConfigModule } from '#config/module';
import { Failure } from '#ports';
import { Bus, LocalBus, MemoryRecords, Records } from '#records';
import { aToken, aVerifier, badTokens, SECRET, someNames } from './token-builders.js';

type Request = RequestWithToken & { caller?: Caller; user?: Caller };

@Injectable()
class CallerGuard implements CanActivate {
  constructor(private readonly authenticator: PassportAuthenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    request.caller = await this.authenticator.authenticate(request);
    return true;
  }
}

@Catch(Failure)
class FailureFilter implements ExceptionFilter {
  catch({ code }: Failure, host: ArgumentsHost) {
    host.switchToHttp().getResponse().status(401).send({ code });
  }
}

const shown = ({ subject, tenant }: Caller) => ({ subject, tenant });

@Controller()
@UseFilters(FailureFilter)
class WhoController {
  @Get('who')
  @UseGuards(CallerGuard)
  who(@Req() request: Request) {
    return shown(request.caller!);
  }

  @Get('stock')
  @UseGuards(AuthGuard('jwt'))
  stock(@Req() request: Request) {
    return shown(request.user!);
  }
}

const variables: Record<string, string> = { JWT_SECRET: SECRET, JWT_AUDIENCE: 'resk' };
const sources: Sources = {
  lookUp: (name) => (variables[name] ? { text: variables[name], source: 'environment' } : undefined),
};
const sections = [authSection, lockoutSection, runtimeSection];

/** What other rooms give to the container. */
@Global()
@Module({
  providers: [
    { provide: Records, useValue: new MemoryRecords() },
    { provide: Bus, useValue: new LocalBus() },
    { provide: 'names', useValue: someNames },
  ],
  exports: [Records, Bus, 'names'],
})
class Surroundings {}

let app: NestFastifyApplication;
beforeAll(async () => {
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(sections, readConfig(sections, sources)),
      Surroundings,
      AuthModule.forRoot({ names: 'names' }),
    ],
    controllers: [WhoController],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  await app.init();
});
afterAll(() => app.close());

async function ask(path: string, authorization?: string) {
  const reply = await app.inject({ url: path, headers: { ...(authorization !== undefined && { authorization }) } });
  return { status: reply.statusCode, body: reply.json() };
}

// passport-jwt calls this hook for every token that reaches it: listening here shows who went through passport.
const throughPassport = vi.spyOn(
  Strategy as unknown as { JwtVerifier: (...args: unknown[]) => unknown },
  'JwtVerifier',
);
beforeEach(() => void throughPassport.mockClear());

describe('a request', () => {
  test('goes through passport-jwt the first time, and is remembered after', async () => {
    const token = aToken({ aud: 'resk' });
    for (const scheme of ['Bearer', 'bearer']) {
      expect(await ask('/who', `${scheme} ${token}`)).toEqual({
        status: 200,
        body: { subject: 'ada', tenant: 'north' },
      });
    }
    expect(throughPassport).toHaveBeenCalledTimes(1);
    expect(app.get(TokenVerifier).remembered(token)?.subject).toBe('ada');
  });

  test('passes the stock guard of @nestjs/passport by the same rules', async () => {
    expect(await ask('/stock', `Bearer ${aToken({ aud: 'resk' })}`)).toEqual({
      status: 200,
      body: { subject: 'ada', tenant: 'north' },
    });
    expect(throughPassport).toHaveBeenCalledTimes(1);
    expect((await ask('/stock', `Bearer ${aToken({ aud: 'other' })}`)).status).toBe(401);
  });

  test.each([undefined, '', 'Bearer', 'Basic YTpi'])(
    'with the header %j is told that a token is missing',
    async (header) => {
      expect(await ask('/who', header)).toEqual({ status: 401, body: { code: 'auth.missing' } });
    },
  );

  test.each(badTokens())('with %s is refused, as the verifier alone refuses it', async (_, token, code) => {
    expect(await ask('/who', `Bearer ${token}`)).toEqual({ status: 401, body: { code } });
    await expect(aVerifier({ audience: ['resk'] }).verify(token)).rejects.toMatchObject({ code });
    expect(app.get(TokenVerifier).remembered(token)).toBeUndefined();
  });

  test('gets its own caller, and its own refusal, among many at once', async () => {
    const subjects = Array.from({ length: 60 }, (_, index) => `caller-${index}`);
    const tokens = subjects.map((sub, index) => aToken({ sub, aud: index % 3 === 0 ? 'other' : 'resk' }));
    const replies = await Promise.all(tokens.map((token) => ask('/who', `Bearer ${token}`)));
    expect(replies.map(({ body }) => body.subject ?? body.code)).toEqual(
      subjects.map((subject, index) => (index % 3 === 0 ? 'auth.audience' : subject)),
    );
  });

  test('is left as it came: nothing of passport is hung onto it', async () => {
    const request = Object.freeze({ headers: Object.freeze({ authorization: `Bearer ${aToken({ aud: 'resk' })}` }) });
    expect((await app.get(PassportAuthenticator).authenticate(request)).subject).toBe('ada');
  });
});
