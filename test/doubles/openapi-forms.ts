// Checks JSON against the schemas of an OpenAPI 3.1 document, for doubles that must speak a vendor's wire.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const read = new Map<string, OpenApiForms>();

/** The schemas of one document, compiled when they are first asked for. */
export class OpenApiForms {
  private readonly compiler = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  private constructor(file: string) {
    const { components } = parse(readFileSync(file, 'utf8'));
    this.compiler.addSchema({ $id: 'document', components });
  }

  /** The schemas of the file, read once however many doubles ask for them: a vendor's document takes a second to parse. */
  static of(file: string): OpenApiForms {
    const forms = read.get(file) ?? new OpenApiForms(file);
    read.set(file, forms);
    return forms;
  }

  /** What is wrong with a value by the schema of that name; empty where nothing is. */
  problemsOf(schema: string, value: unknown): string[] {
    let check = this.compiled.get(schema);
    if (!check) {
      check = this.compiler.compile({ $ref: `document#/components/schemas/${schema}` });
      this.compiled.set(schema, check);
    }
    if (check(value)) return [];
    return (check.errors ?? []).map((error) => `${schema}${error.instancePath} ${error.message}`);
  }
}
