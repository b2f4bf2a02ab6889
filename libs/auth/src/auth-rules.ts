// What settings of tokens must be to make sense together: told before the server starts, not when the first token comes.
import type { Secret } from '#ports';
import { isScope } from './scopes.js';
import { ALGORITHMS, type Algorithm, isAlgorithm, publicKeys } from './verification-keys.js';

/** The settings that the rules look at. */
export interface TokenSettings {
  readonly algorithms: readonly string[];
  readonly secret: Secret | undefined;
  readonly formerSecrets: readonly Secret[];
  readonly publicKey: Secret | undefined;
  readonly jwksUrl: string | undefined;
  readonly discovery: boolean;
  readonly jwksRefreshMs: number;
  readonly jwksMaxAgeMs: number;
  readonly issuer: readonly string[];
  readonly audience: readonly string[];
  readonly routeAudiences: Readonly<Record<string, unknown>>;
}

type Problem = { setting: keyof TokenSettings; message: string };

export const MIN_SECRET_LENGTH = 32;
const NO_SECRET = 'must be set in production, where HS256 is allowed. Make one with: openssl rand -base64 48';

/** What is wrong with the settings of tokens, or nothing. */
export function tokenProblems(settings: TokenSettings, production: boolean): Problem[] {
  const { algorithms } = settings;
  if (algorithms.length === 0 || !algorithms.every(isAlgorithm)) {
    return [{ setting: 'algorithms', message: `must name one or more of ${ALGORITHMS.join(', ')}` }];
  }
  return [
    ...secretProblems(settings, production),
    ...(fromIssuer(settings) ? issuerProblems(settings, production) : publicKeyProblems(settings)),
    ...audienceProblems(settings),
  ];
}

function fromIssuer({ jwksUrl, discovery }: TokenSettings): boolean {
  return jwksUrl !== undefined || discovery;
}

function publishedOf({ algorithms }: TokenSettings): Algorithm[] {
  return algorithms.filter((name) => name !== 'HS256') as Algorithm[];
}

function secretProblems({ algorithms, secret, formerSecrets }: TokenSettings, production: boolean): Problem[] {
  const hmac = algorithms.includes('HS256');
  const short = formerSecrets.some((one) => one.reveal().length < MIN_SECRET_LENGTH);
  return [
    ...(production && hmac && !secret ? [{ setting: 'secret' as const, message: NO_SECRET }] : []),
    ...(short ? [former(`must have at least ${MIN_SECRET_LENGTH} characters each`)] : []),
    ...(formerSecrets.length > 0 && !(hmac && secret)
      ? [former('is for tokens of HS256 beside JWT_SECRET: set that, and allow HS256 in JWT_ALGORITHMS')]
      : []),
  ];
}

function former(message: string): Problem {
  return { setting: 'formerSecrets', message };
}

/** An issuer signs for others too: which of its tokens are for this service, the audience alone tells. */
function issuerProblems(settings: TokenSettings, production: boolean): Problem[] {
  const { jwksUrl, discovery, publicKey, issuer, audience, jwksMaxAgeMs, jwksRefreshMs } = settings;
  const problems: Array<[boolean, Problem['setting'], string]> = [
    [
      publishedOf(settings).length === 0,
      'algorithms',
      'must allow RS256 or ES256, since keys come from an issuer (JWT_JWKS_URL or JWT_DISCOVERY)',
    ],
    [
      publicKey !== undefined,
      'publicKey',
      'must be unset where keys come from an issuer (JWT_JWKS_URL or JWT_DISCOVERY)',
    ],
    [jwksUrl !== undefined && discovery, 'discovery', 'must be false where JWT_JWKS_URL says where the keys are'],
    [
      discovery && (issuer.length !== 1 || !isUrl(issuer[0])),
      'issuer',
      'must be one URL, where JWT_DISCOVERY is to find the keys by it',
    ],
    [production && issuer.length === 0, 'issuer', 'must be set in production, where keys come from an issuer'],
    [
      production && audience.length === 0,
      'audience',
      'must be set in production, where keys come from an issuer: it signs tokens for other services too',
    ],
    [jwksMaxAgeMs < jwksRefreshMs, 'jwksMaxAgeMs', 'must be at least JWT_JWKS_REFRESH'],
  ];
  return problems.filter(([wrong]) => wrong).map(([, setting, message]) => ({ setting, message }));
}

function isUrl(text: string | undefined): boolean {
  return text !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function publicKeyProblems(settings: TokenSettings): Problem[] {
  const problem = (message: string) => [{ setting: 'publicKey' as const, message }];
  const algorithms = publishedOf(settings);
  const { publicKey: pem } = settings;
  if (!pem)
    return algorithms.length > 0
      ? problem(
          `must be set, since JWT_ALGORITHMS allows ${algorithms.join(', ')}; or set JWT_JWKS_URL or JWT_DISCOVERY`,
        )
      : [];
  try {
    const keys = publicKeys(pem);
    const missing = algorithms.filter((algorithm) => !keys.has(algorithm));
    return missing.length > 0 ? problem(`must hold a key for ${missing.join(', ')}, which JWT_ALGORITHMS allows`) : [];
  } catch (error) {
    return problem((error as Error).message);
  }
}

function audienceProblems({ routeAudiences }: TokenSettings): Problem[] {
  const good = ([scope, audience]: [string, unknown]) =>
    isScope(scope) && typeof audience === 'string' && audience !== '';
  if (Object.entries(routeAudiences).every(good)) return [];
  return [
    { setting: 'routeAudiences', message: 'must give the name of an audience for each scope, and know the scopes' },
  ];
}
