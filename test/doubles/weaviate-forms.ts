// Checks JSON against Weaviate's own Swagger 2.0 document, where it lies beside the repository.
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { sharedFile } from '../support/shared-folder.js';

const SPECIFICATION = 'specs/weaviate/schema.json';

let read: WeaviateForms | undefined;

export class WeaviateForms {
  private readonly ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  private constructor(file: string) {
    const { definitions } = JSON.parse(readFileSync(file, 'utf8'));
    this.ajv.addSchema({ $id: 'weaviate', definitions });
  }

  /** `undefined` where the document is not there: then nothing is checked, and it is said once. */
  static find(): WeaviateForms | undefined {
    const file = sharedFile(SPECIFICATION);
    if (file === undefined) console.warn(`NOT CHECKED: the Weaviate double runs without ../shared/${SPECIFICATION}.`);
    else read ??= new WeaviateForms(file);
    return read;
  }

  /** What is wrong with a value by the definition of that name, or with each item of a list; empty where nothing is. */
  problemsOf(definition: string, value: unknown): string[] {
    if (Array.isArray(value)) return value.flatMap((item) => this.problemsOf(definition, item));
    let check = this.compiled.get(definition);
    if (!check) {
      check = this.ajv.compile({ $ref: `weaviate#/definitions/${definition}` });
      this.compiled.set(definition, check);
    }
    if (check(value)) return [];
    return (check.errors ?? []).map((error) => `${definition}${error.instancePath} ${error.message}`);
  }
}
