// Makes the OpenAPI document as the server serves it, for the repository and for generators.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentSources, readConfig } from '#config';
import { OpenApiDocument } from '#gateway';
import { createLogger } from '#observability';
import { sections } from './sections.js';
import { buildApp } from './server.js';

export async function openApiDocument(): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-openapi-'));
  const env = { DATA_DIR: folder, CACHE_BACKEND: 'memory', VECTORDB_TYPE: 'none', LOG_LEVEL: 'silent' };
  const config = readConfig(sections, environmentSources({ env, envFile: false }));
  const { app, door } = await buildApp(config, createLogger(config.observability));
  try {
    return app.get(OpenApiDocument).value;
  } finally {
    await door.close();
    await app.close();
    await rm(folder, { recursive: true, force: true });
  }
}
