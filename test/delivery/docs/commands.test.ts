// Every command that a document shows is taken out of it and run, and prints what the document says.
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../support/child-server.js';
import { documentOf, documentsOf, ROOT } from './documents.js';
import { isPlayed, stepsOf } from './plan.js';
import { play } from './session.js';

const documents = documentsOf(ROOT).filter(isPlayed);

/** Sessions side by side. */
const LANES = 2;
const lanes = Array.from({ length: LANES }, () => Promise.resolve<unknown>(undefined));
let turns = 0;

/** Runs it when its lane is free, whatever became of the one before. */
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const lane = turns++ % LANES;
  const done = lanes[lane]!.then(run, run);
  lanes[lane] = done;
  return done;
}

const MARK = '```';

beforeAll(ensureBuilt, 240_000);

describe('the commands of', () => {
  it('this repository are found', () => {
    expect(documents.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/USAGE.md']));
  });

  // They wait more than they compute; the time of one includes its turn.
  it.concurrent.each(documents)('$path do what it says', { timeout: 1_200_000 }, async (document) => {
    const { problem } = await inTurn(() => play(stepsOf(document)));
    expect(problem).toBeUndefined();
  });
});

describe('a document that is wrong', () => {
  const problemOf = async (text: string) => (await play(stepsOf(documentOf('wrong.md', text)))).problem;
  const fence = (info: string, ...lines: string[]) => [`${MARK}${info}`, ...lines, MARK, ''].join('\n');

  it.each([
    ['a command that fails', fence('sh', 'true', 'ls nowhere', 'true'), /line 1: ended with 2[\s\S]*nowhere/],
    ['a variable that nobody set', fence('sh', 'echo "$NOWHERE"'), /NOWHERE: unbound variable/],
    ['a command that should fail, and does not', fence('sh fails', 'true'), /it did not fail/],
    [
      'a reply that is another',
      fence('sh', 'echo hello') + fence('text reply', 'good bye'),
      /line 4: is shown: good bye/,
    ],
    ['JSON without a member', fence('sh', "echo '{}'") + fence('json reply', '{"a":1}'), /\$\.a was not there/],
    ['a server that ends', fence('sh server', 'echo wrong >&2'), /it ended before it answered/],
    ['an option that is not there', fence('sh', 'npx resk token --nonsense'), /unknown option/],
  ])('is caught: %s', { timeout: 60_000 }, async (_, text, problem) => {
    expect(await problemOf(text)).toMatch(problem);
  });

  it('may say npx resk: the clone’s own command is what npx runs', { timeout: 120_000 }, async () => {
    const text = fence('sh', '[ "$(PATH=$USUAL_PATH npx resk --version)" = "$(npx resk --version)" ]');
    expect(await problemOf(text)).toBeUndefined();
  });

  it('is told from one that is right: one session, files, a server, replies', { timeout: 60_000 }, async () => {
    const text = [
      fence('json file made/greeting.json', '{"greeting":"hello"}'),
      fence('sh', 'where=made/greeting.json'),
      fence('sh server', 'node -e \'require("http").createServer((_, to) => to.end("7")).listen(process.env.PORT)\''),
      fence('sh', 'cat "$where"'),
      fence('json reply', '{"greeting":"…"}'),
      fence('sh', 'curl -s http://localhost:3000/ && echo " of $where"'),
      fence('text reply', '12 of made/…'),
      'Stop the server.\n',
      fence('sh fails', 'curl -s http://localhost:3000/'),
    ];
    expect(await problemOf(text.join('\n'))).toBeUndefined();
  });
});
