// Writes the clients of a document: those of this repository, or of the file that --spec names into the folder of --out.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readDocument, UnusableDocument } from './document.js';
import type { ClientFile } from './generated-file.js';
import { pascalCase } from './names.js';
import { clientFiles, LANGUAGES, type Language, newPackages } from './packages.js';
import { canNameClass } from './taken-names.js';

const USAGE = `npm run generate:clients                              writes clients/ of this repository from docs/openapi.json
npm run generate:clients -- --spec FILE --out FOLDER  writes FOLDER/typescript and FOLDER/python from a document of yours
  --language typescript|python   one of them alone
  --name NAME                    name of the class and, in small letters, of the packages; without it, from the title`;

class Misused extends Error {}

function asked(args: string[]) {
  try {
    const text = { type: 'string' } as const;
    const options = {
      spec: text,
      out: text,
      language: text,
      name: text,
      from: text,
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Misused((error as Error).message);
  }
}

async function run(args: string[]): Promise<void> {
  const { spec, out, language, name, from = '.', help } = asked(args);
  if (help) return console.log(USAGE);
  if ((spec === undefined) !== (out === undefined)) throw new Misused('--spec and --out belong together');
  if (language !== undefined && !LANGUAGES.includes(language as Language)) {
    throw new Misused(`--language must be ${LANGUAGES.join(' or ')}, not ${language}`);
  }
  const languages = language === undefined ? LANGUAGES : [language as Language];
  if (spec === undefined || out === undefined) {
    if (name !== undefined) throw new Misused('--name belongs to --spec');
    return write('clients', await clientFiles(readDocument('docs/openapi.json'), languages));
  }
  if (name !== undefined && !canNameClass(pascalCase(name))) {
    throw new Misused(`--name ${name} is what the clients call a part of their own; choose another, e.g. "My ${name}"`);
  }
  write(resolve(from, out), await newPackages(readDocument(resolve(from, spec)), languages, name));
}

function write(folder: string, files: ClientFile[]): void {
  let written = 0;
  for (const { path, text, once } of files) {
    const full = join(folder, path);
    if (existsSync(full) && (once || readFileSync(full, 'utf8') === text)) continue;
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    written++;
  }
  console.log(`${folder}: ${files.length} files, ${written} of them written anew`);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UnusableDocument) && !(error instanceof Misused)) throw error;
  console.error(error instanceof Misused ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = error instanceof Misused ? 2 : 1;
}
