// Chooses a provider by name, the same way for all families: built-in ones by lazy import, others from listed packages.
import {
  type Family,
  failure,
  type OptionsResult,
  PORTS_VERSION,
  type PortOfFamily,
  type ProviderDefinition,
} from '#ports';
import { type Origins, problemsIn } from './given-options.js';
import { importPlugin } from './import-plugin.js';

// biome-ignore lint/suspicious/noExplicitAny: the options of a provider are checked by its own schema, whatever they are.
type AnyDefinition<F extends Family> = ProviderDefinition<F, any>;

export interface ProviderFamilyOptions<F extends Family> {
  family: F;
  /** The variable that chooses, for messages, e.g. `VECTORDB_TYPE`. */
  variable: string;
  /** Built-in providers: imported only when chosen. */
  builtIns: Record<string, () => Promise<AnyDefinition<F>>>;
  /** npm packages whose default export is a provider, or an array of them. Nothing else is imported. */
  plugins?: readonly string[];
  importPackage?: (name: string) => Promise<unknown>;
}

/** A provider that could be chosen. */
export interface KnownProvider {
  family: Family;
  name: string;
  /** The listed package that brings it; `undefined` for a built-in one. */
  package: string | undefined;
}

export interface OpenContext {
  signal?: AbortSignal;
  /** Where options came from, for messages. */
  origins?: Origins;
}

/** The providers of one family. `open` fails with a `provider.*` failure, and so stops the boot. */
export class ProviderFamily<F extends Family> {
  constructor(private readonly options: ProviderFamilyOptions<F>) {}

  async open(name: string, settings: unknown, { origins, ...context }: OpenContext = {}): Promise<PortOfFamily[F]> {
    const { definition, options } = await this.checked(name, settings, origins);
    return definition.open(options, context);
  }

  /** Whether the provider would take these settings. Opens nothing, and fails as `open` does. */
  async check(name: string, settings: unknown, origins?: Origins): Promise<void> {
    await this.checked(name, settings, origins);
  }

  /** All that can be chosen: built-in ones, then those of listed packages. */
  async known(): Promise<KnownProvider[]> {
    const { builtIns, family } = this.options;
    const own = Object.keys(builtIns).map((name) => ({ family, name, package: undefined }));
    return [...own, ...(await this.strangers()).map(({ name, from }) => ({ family, name, package: from }))];
  }

  private async checked(name: string, settings: unknown, origins: Origins = {}) {
    const definition = await this.find(name);
    if (definition.portsVersion !== PORTS_VERSION) {
      throw failure('provider.version', { name, received: definition.portsVersion, expected: PORTS_VERSION });
    }
    const checked = (await definition.options['~standard'].validate(settings)) as OptionsResult<unknown>;
    if (checked.issues) {
      const problems = problemsIn(checked.issues, `${this.options.variable}=${name}`, origins);
      throw failure('provider.options', { name, problems });
    }
    return { definition, options: checked.value };
  }

  private async find(name: string): Promise<AnyDefinition<F>> {
    const { builtIns, family, variable } = this.options;
    const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
    if (builtIn) return builtIn();
    const strangers = await this.strangers();
    const found = strangers.find((one) => one.name === name);
    if (found) return found.definition;
    const known = [...Object.keys(builtIns), ...strangers.map((one) => one.name)].join(', ');
    throw failure('provider.unknown', { variable, name, family, known });
  }

  private async strangers(): Promise<Array<{ name: string; from: string; definition: AnyDefinition<F> }>> {
    const { plugins = [], family } = this.options;
    const lists = await Promise.all(
      plugins.map(async (from) => (await this.load(from)).map((definition) => ({ from, definition }))),
    );
    return lists.flatMap((list) =>
      list.flatMap(({ from, definition }) =>
        definition.family === family
          ? [{ name: definition.name, from, definition: definition as AnyDefinition<F> }]
          : [],
      ),
    );
  }

  private async load(name: string): Promise<ProviderDefinition[]> {
    const { importPackage = importPlugin } = this.options;
    const loaded = await importPackage(name).catch((cause: unknown) => {
      throw failure('provider.load_failed', { package: name, reason: reasonOf(cause) }, { cause });
    });
    const exported = (loaded as { default?: unknown }).default;
    const list = Array.isArray(exported) ? exported : [exported];
    if (!list.every(isDefinition)) throw failure('provider.not_a_provider', { package: name });
    return list;
  }
}

/** The code or class of an error: its message may hold paths of the machine. The error itself is the cause. */
function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? 'thrown by the package';
}

function isDefinition(value: unknown): value is ProviderDefinition {
  const one = value as Partial<ProviderDefinition> | null | undefined;
  return (
    typeof one?.family === 'string' && typeof one.name === 'string' && typeof one.open === 'function' && !!one.options
  );
}
