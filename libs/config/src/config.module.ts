// Gives every section's values to the container, under the section's token.
import { type DynamicModule, Module } from '@nestjs/common';
import { configToken, type Section } from './section.js';

@Module({})
export class ConfigModule {
  /** Provides, globally, `configToken(section)` for each section, from values that `readConfig` gave. */
  static forRoot(sections: readonly Pick<Section, 'name'>[], values: Record<string, unknown>): DynamicModule {
    const providers = sections.map((part) => ({ provide: configToken(part), useValue: values[part.name] }));
    return { module: ConfigModule, global: true, providers, exports: providers.map((one) => one.provide) };
  }
}
