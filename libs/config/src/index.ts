// What an operator may set: one declaration gives types, checks, variable names and documents.
export { ensureDataFolder } from './data-folder.js';
export { givenOptions, type Origins } from './given-options.js';
export { type OutgoingConfig, outgoingSection } from './outgoing.section.js';
export { type KnownProvider, ProviderFamily, type ProviderFamilyOptions } from './provider-family.js';
export { readConfig } from './read-config.js';
export { type RuntimeConfig, runtimeSection } from './runtime.section.js';
export {
  type ConfigOf,
  configToken,
  type Mode,
  type Section,
  type Settings,
  section,
  type ValuesOf,
} from './section.js';
export { type Setting, type SettingInfo, setting } from './setting.js';
export { environmentSources, type Sourced, type SourceOptions, type Sources } from './sources.js';
