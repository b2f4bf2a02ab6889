// Writes graphs of neural networks in ONNX's own format, as small as a test needs them.
import protobuf from 'protobufjs';

/** The fields that the graphs here use. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const { root } = protobuf.parse(`
  syntax = "proto2";
  message Attribute { optional string name = 1; optional float f = 2; optional int64 i = 3; repeated int64 ints = 8; optional int32 type = 20; }
  message Node { repeated string input = 1; repeated string output = 2; optional string op_type = 4; repeated Attribute attribute = 5; }
  message Tensor { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9; }
  message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
  message Shape { repeated Dimension dim = 1; }
  message TensorType { optional int32 elem_type = 1; optional Shape shape = 2; }
  message Type { optional TensorType tensor_type = 1; }
  message ValueInfo { optional string name = 1; optional Type type = 2; }
  message Graph { repeated Node node = 1; optional string name = 2; repeated Tensor initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
  message OperatorSet { optional string domain = 1; optional int64 version = 2; }
  message Model { optional int64 ir_version = 1; optional string producer_name = 2; optional Graph graph = 7; repeated OperatorSet opset_import = 8; }
`);
const MODEL = root.lookupType('Model');

/** Numbers of ONNX's types of elements. */
const FLOAT = 1;
const INT64 = 7;
/** Numbers of the sorts of attributes. */
const OF_INT = 2;

export interface GraphNode {
  op: string;
  inputs: string[];
  output: string;
  /** Whole numbers only: the operators used need no others. */
  attributes?: Record<string, number>;
}

export interface GraphParts {
  /** Each is read as [batch, sequence] of 64-bit integers. */
  inputs: string[];
  nodes: GraphNode[];
  /** Constants: floats, or 64-bit integers. */
  constants: Record<string, { dims: number[]; values: Float32Array | BigInt64Array }>;
  outputs: Record<string, (string | number)[]>;
}

export function onnxGraph({ inputs, nodes, constants, outputs }: GraphParts): Uint8Array {
  const value = (name: string, elem_type: number, dims: (string | number)[]) => ({
    name,
    type: { tensor_type: { elem_type, shape: { dim: dims.map(dimension) } } },
  });
  const model = {
    ir_version: 8,
    producer_name: 'tests',
    opset_import: [{ domain: '', version: 18 }],
    graph: {
      name: 'tiny',
      node: nodes.map(({ op, inputs: input, output, attributes = {} }) => ({
        op_type: op,
        input,
        output: [output],
        attribute: Object.entries(attributes).map(([name, i]) => ({ name, i, type: OF_INT })),
      })),
      initializer: Object.entries(constants).map(([name, { dims, values }]) => ({
        name,
        dims,
        data_type: values instanceof Float32Array ? FLOAT : INT64,
        raw_data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })),
      input: inputs.map((name) => value(name, INT64, ['batch', 'sequence'])),
      output: Object.entries(outputs).map(([name, dims]) => value(name, FLOAT, dims)),
    },
  };
  return MODEL.encode(MODEL.fromObject(camelled(model) as Record<string, unknown>)).finish();
}

function dimension(of: string | number) {
  return typeof of === 'number' ? { dim_value: of } : { dim_param: of };
}

/** protobufjs reads fields by their names in camel case. */
function camelled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelled);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()),
      camelled(one),
    ]),
  );
}
