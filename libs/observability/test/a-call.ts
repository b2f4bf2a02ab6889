// A call to a provider, followed and announced as the rooms do.
import { type Announcements, announce, type CallWork, followed } from '#ports';

/** Ends well, unless `told` says otherwise. */
export function aCall<T>(
  work: Omit<CallWork, 'kind'>,
  run: () => T,
  told: Partial<Announcements['provider.call']> = {},
): T {
  return followed({ kind: 'call', ...work }, () => {
    const result = run();
    const { family, provider, operation } = work;
    announce('provider.call', { family, provider, operation, outcome: 'ok', durationMs: 1, ...told });
    return result;
  });
}
