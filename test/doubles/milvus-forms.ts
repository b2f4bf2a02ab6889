// Checks requests and replies against the documents of Milvus's REST API v2, where they err amended by what its server does.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { sharedFile } from '../support/shared-folder.js';

type Schema = { [name: string]: unknown };
type Properties = Record<string, Schema | undefined>;

const FOLDER = 'specs/milvus/rest-v2';
const DOCUMENTS = ['04-vector', '05-collection', '06-database', '07-index'];

/**
 * Where the documents contradict their own examples, or the server's source, by their path in the schema of a request or
 * a reply. https://github.com/milvus-io/milvus/tree/master/internal/distributed/proxy/httpserver
 */
const AMENDMENTS: Array<{ at: string; because: string; change: (properties: Properties) => Properties }> = [
  {
    at: '/v2/vectordb/entities/upsert',
    because: 'its own example gives a list of rows (CollectionDataReq.Data is a list)',
    change: () => ({ data: { type: 'array', items: { type: 'object' } } }),
  },
  {
    at: '/v2/vectordb/entities/hybrid_search',
    because:
      'its own example gives lists of vectors and none of the other fields; BM25 takes texts, the weighted ranker weights',
    change: ({ search }) => {
      const { items } = search as { items: { properties: Properties } };
      const properties = { ...items.properties, data: { type: 'array', minItems: 1 } };
      const part = { type: 'object', properties, required: ['data', 'annsField', 'limit'] };
      const rerank = { type: 'object', required: ['strategy', 'params'] };
      return { search: { type: 'array', items: part }, rerank };
    },
  },
  {
    at: 'FieldSchema',
    because: 'the server looks the name up in schemapb.DataType, where it is JSON',
    change: ({ dataType }) => ({ dataType: { enum: [...(dataType!.enum as string[]), 'JSON'] } }),
  },
  {
    at: 'FunctionSchema',
    because: 'the server looks the name up in schemapb.FunctionType, where it is BM25',
    change: () => ({ type: { enum: ['BM25'] } }),
  },
  {
    at: 'IndexParams',
    because: 'BM25 is the metric of its index, and indexes of scalars have none',
    change: ({ metricType }) => ({ metricType: { enum: [...(metricType!.enum as string[]), 'BM25'] } }),
  },
  {
    at: '/v2/vectordb/indexes/create',
    because: 'the same as of IndexParams',
    change: () => ({ indexParams: { type: 'array', items: { type: 'object', required: ['fieldName', 'indexName'] } } }),
  },
  {
    at: 'FieldDetails',
    because: 'the server prints a list of pairs, and the number of the field (printFieldDetail)',
    change: () => ({ params: { type: 'array' }, id: { type: 'integer' } }),
  },
  {
    at: 'FunctionDetails',
    because: 'the server prints numbers (printFunctionDetails)',
    change: () => ({ type: { type: 'integer' }, id: { type: 'integer' } }),
  },
  {
    at: '/v2/vectordb/entities/delete',
    because: 'the server takes a list of ids under id (checkGetPrimaryKey)',
    change: () => ({ id: {} }),
  },
  {
    at: '/v2/vectordb/entities/get',
    because: 'its own example gives a list of ids, or one',
    change: () => ({ id: {} }),
  },
];

let forms: MilvusForms | undefined;

export class MilvusForms {
  private readonly compiler = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();
  private readonly documentOf = new Map<string, string>();

  private constructor() {
    for (const name of DOCUMENTS) {
      const document = amended(JSON.parse(readFileSync(sharedFile(`${FOLDER}/${name}-operations-v2.json`)!, 'utf8')));
      this.compiler.addSchema({ $id: name, ...document });
      for (const path of Object.keys(document.paths as Schema)) this.documentOf.set(path, name);
    }
  }

  /** `undefined` where the specifications do not lie beside the repository. */
  static read(): MilvusForms | undefined {
    if (!sharedFile(FOLDER)) {
      console.warn(`NOT CHECKED: the Milvus double runs without ../shared/${FOLDER}.`);
      return undefined;
    }
    forms ??= new MilvusForms();
    return forms;
  }

  request(path: string, body: unknown): string[] {
    return this.problems(path, 'requestBody', body);
  }

  reply(path: string, body: unknown): string[] {
    return this.problems(path, 'responses/200', body);
  }

  private problems(path: string, part: string, value: unknown): string[] {
    const document = this.documentOf.get(path);
    if (document === undefined) return [`${path} is not in the specification`];
    const pointer = `${document}#/paths/${path.replaceAll('/', '~1')}/post/${part}/content/application~1json/schema`;
    let check = this.compiled.get(pointer);
    if (!check) {
      check = this.compiler.compile({ $ref: pointer });
      this.compiled.set(pointer, check);
    }
    if (check(value)) return [];
    return (check.errors ?? []).map((error) => `${path} ${part}${error.instancePath} ${error.message}`);
  }
}

/** All forms of an answer fit each other here, for nothing in them is required: any of them is as good as one. */
function amended(value: unknown, at: readonly string[] = []): Schema {
  if (typeof value !== 'object' || value === null) return value as never;
  if (Array.isArray(value)) return value.map((one) => amended(one, at)) as never;
  const made: Schema = {};
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'example' || name === 'examples' || name.startsWith('x-')) continue;
    if (name === 'type' && inner === 'any') continue;
    made[name === 'oneOf' ? 'anyOf' : name] = amended(inner, [...at, name]);
  }
  const properties = made.properties as Properties | undefined;
  const amendment = AMENDMENTS.find(({ at: place }) => place === at.at(-1) || (place === at[1] && isWhole(at)));
  if (properties && amendment) made.properties = { ...properties, ...amendment.change(properties) };
  if (amendment?.at === 'IndexParams') made.required = ['fieldName', 'indexName'];
  return made;
}

/** Whether this is the schema of a whole request. */
function isWhole(at: readonly string[]): boolean {
  return at[3] === 'requestBody' && at.at(-1) === 'schema';
}
