// docs/CONFIGURATION.md: every variable that an operator may set, section by section.
import type { SettingInfo } from '#config';
import { type Described, settingsOf, table } from './described.js';

const INTRODUCTION = `<!-- Made by npm run generate from the sections in the code. Do not edit. -->
# Configuration

The server is set by environment variables. Where a variable is not set in the environment, a file \`.env\` in the working
directory is asked (start from [.env.example](../.env.example)); where it is not there either, the default holds. A blank value
counts as not set.

- **Secrets** may also come from a file: \`NAME_FILE\` names it (\`JWT_SECRET_FILE=/run/secrets/jwt\`). Secrets never show in logs,
  messages or metrics.
- **Outside production** (\`NODE_ENV\` other than \`production\`) some settings have another default, so that a clone runs as it is.
- A value that is set and wrong stops the start, with one message that lists every problem.`;

export function configurationDocument(parts: readonly Described[]): string {
  return `${[INTRODUCTION, ...parts.map(chapter)].join('\n\n')}\n`;
}

function chapter(part: Described): string {
  const rows = settingsOf(part).map((one) => [
    `\`${one.env}\``,
    one.secret ? 'secret' : one.form,
    written(one.default),
    one.developmentDefault === undefined ? 'the same' : written(one.developmentDefault),
    meaning(one),
  ]);
  const head = ['Variable', 'Form', 'Default', 'Outside production', 'Meaning'];
  return `## ${part.title}\n\n${part.doc}\n\n${table(head, rows)}`;
}

function written(value: string | undefined): string {
  if (value === undefined) return 'not set';
  return value === '' ? 'empty' : `\`${value}\``;
}

function meaning({ doc, example }: SettingInfo): string {
  return example === undefined ? doc : `${doc} Example: \`${example}\``;
}
