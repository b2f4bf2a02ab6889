// A room's settings under one name: the same declaration types the code, checks the input and writes the documents.
import type { Setting } from './setting.js';

export type Settings = Record<string, Setting<unknown>>;

export type ValuesOf<S extends Settings> = { readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never };

/** How the process runs, given to checks. */
export interface Mode {
  production: boolean;
}

/** A rule over several settings. Gives what is wrong, or nothing. The setting named is the one to change. */
export type SectionRule<S extends Settings> = (
  values: ValuesOf<S>,
  mode: Mode,
) => Array<{ setting: keyof S & string; message: string }>;

export interface Section<Name extends string = string, S extends Settings = Settings> {
  readonly name: Name;
  readonly title: string;
  readonly doc: string;
  readonly settings: S;
  /** A method, so that sections of different settings can stand in one list. */
  rule?(values: ValuesOf<S>, mode: Mode): ReturnType<SectionRule<S>>;
}

/** The values of a section: `type CacheConfig = ConfigOf<typeof cacheSection>`. */
export type ConfigOf<T> = T extends Section<string, infer S> ? ValuesOf<S> : never;

export function section<const Name extends string, S extends Settings>(
  name: Name,
  about: { title: string; doc: string; rule?: SectionRule<S> },
  settings: S,
): Section<Name, S> {
  return { name, settings, ...about };
}

/** The injection token of a section's values: `@Inject(configToken(cacheSection)) config: CacheConfig`. */
export function configToken(part: Pick<Section, 'name'>): string {
  return `config:${part.name}`;
}
