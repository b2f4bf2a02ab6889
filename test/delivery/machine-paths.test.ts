// What is delivered to read or to copy names no folder of the machine on which it was written.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READ = ['docs', 'examples', 'helm', '.env.example', 'docker-compose.yml', 'Dockerfile'];
const HOME = /(?<![\w.~-])\/(home|root|Users|work|workspace|mnt)\/[\w.-]+/;

function filesUnder(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesUnder(join(path, name)));
}

it('no document, example or chart names a home or a working folder, nor this one', () => {
  const documents = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const files = [...READ, ...documents].flatMap((name) => filesUnder(join(ROOT, name)));
  expect(files.length).toBeGreaterThan(20);
  const named = files.filter((file) => {
    const text = readFileSync(file, 'utf8');
    return text.includes(ROOT) || HOME.test(text);
  });
  expect(named).toEqual([]);
});
