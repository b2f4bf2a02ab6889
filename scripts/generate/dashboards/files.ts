// The dashboards as files that Grafana reads.
import type { GeneratedFile } from '../described.js';
import { cache } from './cache.js';
import { overview } from './overview.js';
import { providers } from './providers.js';
import { slo } from './slo.js';
import { tenantsAndMoney } from './tenants.js';

export const DASHBOARDS = { overview, cache, providers, tenants: tenantsAndMoney, slo };

/** Under `folder`, one file each. */
export function dashboardFiles(folder: string): GeneratedFile[] {
  return Object.entries(DASHBOARDS).map(([name, dashboard]) => ({
    path: `${folder}/${name}.json`,
    text: `${JSON.stringify(dashboard, undefined, 2)}\n`,
  }));
}
