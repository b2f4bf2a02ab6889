// .env.example: every variable, commented out, with its default or an example.
import type { SettingInfo } from '#config';
import { type Described, settingsOf, wrapped } from './described.js';

const INTRODUCTION = `# Made by npm run generate from the sections in the code. Do not edit.
# Copy to .env and take away the # before what you want to change. docs/CONFIGURATION.md says more.`;

export function envExample(parts: readonly Described[]): string {
  return `${[INTRODUCTION, ...parts.map(chapter)].join('\n\n')}\n`;
}

function chapter(part: Described): string {
  const rule = '─'.repeat(Math.max(4, 76 - part.title.length));
  return [`# ── ${part.title} ${rule}`, ...settingsOf(part).map(entry)].join('\n');
}

function entry(one: SettingInfo): string {
  const form = one.secret ? `secret, or its file in ${one.env}_FILE` : one.form;
  const value = one.developmentDefault ?? (one.default || one.example) ?? '';
  return [...wrapped(`${one.doc} Form: ${form}.`, 110).map((line) => `# ${line}`), `#${one.env}=${quoted(value)}`].join(
    '\n',
  );
}

/** As a .env file wants it: quotes around whatever has more than plain characters in it. */
function quoted(value: string): string {
  if (/^[\w./:@,+=-]*$/.test(value)) return value;
  return value.includes("'") ? JSON.stringify(value) : `'${value}'`;
}
