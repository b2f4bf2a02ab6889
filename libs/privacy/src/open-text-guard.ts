// Opens the detectors that the configuration names, and gives them to one guard.
import { ProviderFamily } from '#config';
import type { CallOptions, TextDetector } from '#ports';
import { BUILT_IN_DETECTORS } from './detectors/built-in.js';
import type { PrivacyConfig } from './privacy.section.js';
import { TextGuard } from './text-guard.js';

export interface DetectorOptions extends CallOptions {
  /** npm packages that may bring a detector. */
  plugins: readonly string[];
}

/**
 * The guard with the detectors of `PII_DETECTORS`.
 * @throws Failure `provider.*`, which stops the boot; detectors opened so far are closed.
 */
export async function openTextGuard(config: PrivacyConfig, { plugins, signal }: DetectorOptions): Promise<TextGuard> {
  const family = textDetectorFamily(plugins);
  const opened: TextDetector[] = [];
  try {
    for (const name of new Set(config.detectors)) {
      opened.push(await family.open(name, config.options[name] ?? {}, signal ? { signal } : {}));
    }
  } catch (error) {
    await Promise.all(opened.map((one) => one.close()));
    throw error;
  }
  return new TextGuard(opened, { personal: config.personal, secret: config.secret });
}

/** The detectors that can be chosen. */
export function textDetectorFamily(plugins: readonly string[]): ProviderFamily<'text-detector'> {
  return new ProviderFamily({
    family: 'text-detector',
    variable: 'PII_DETECTORS',
    builtIns: BUILT_IN_DETECTORS,
    plugins,
  });
}
