// docker-compose.yml as compose reads it: defaults filled in, and each service with what it is given.
import { parse } from 'yaml';
import { textOf } from './delivery-files.js';

export interface Service {
  image?: string;
  build?: string;
  command?: string[];
  user?: string;
  environment?: Record<string, string>;
  env_file?: Array<{ path: string; required: boolean }>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  network_mode?: string;
  profiles?: string[];
  secrets?: string[];
  tmpfs?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  stop_grace_period?: string;
}

export interface ComposeProject {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean; ipam?: { config: Array<{ subnet: string }> } } | null>;
  volumes: Record<string, null>;
  secrets: Record<string, { file: string }>;
}

/** The project with these variables set, and no others. */
export function composeProject(variables: Record<string, string> = {}): ComposeProject {
  const text = textOf('docker-compose.yml').replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, otherwise: string) =>
    variables[name] ? variables[name] : otherwise,
  );
  const left = /(?<!\$)\$\{[^}]*\}/.exec(text.replaceAll(/^\s*#.*$/gm, ''));
  if (left) throw new Error(`${left[0]} has no default`);
  return parse(text, { merge: true }) as ComposeProject;
}

/** Of `source:target:ro`, those that name a file or folder of the repository. */
export function bindsOf({ volumes = [] }: Service): Array<{ source: string; target: string; readOnly: boolean }> {
  return volumes
    .map((line) => line.split(':') as [string, string, string?])
    .filter(([source]) => source.startsWith('.'))
    .map(([source, target, mode]) => ({ source, target, readOnly: mode === 'ro' }));
}

/** Services that run without a profile, or with this one. */
export function servicesOf(project: ComposeProject, profile?: string): Array<[string, Service]> {
  return Object.entries(project.services).filter(
    ([, { profiles }]) => profiles === undefined || (profile !== undefined && profiles.includes(profile)),
  );
}
