// The section's values for tests, as an operator's variables would give them.
import { environmentSources, readConfig } from '#config';
import { type ObservabilityConfig, observabilitySection } from '#observability';

export function configOf(env: Record<string, string> = {}): ObservabilityConfig {
  return readConfig([observabilitySection], environmentSources({ env, envFile: false })).observability;
}
