// What a log line says of an error: enough to find its cause, nothing that a user wrote, no path of the machine.
import { Failure } from '#ports';

export interface ErrorFields {
  type: string;
  message: string;
  code?: string;
  stack?: string[];
  cause?: ErrorFields;
}

const MOST_FRAMES = 12;
const MOST_CHARACTERS = 500;

/** The fields of an error and of what caused it, `depth` levels down. Other properties (a vendor's reply) are left out. */
export function errorFields(error: Error, depth = 4): ErrorFields {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: messageOf(error),
    ...((typeof code === 'string' || typeof code === 'number') && { code: String(code) }),
    ...stackOf(error),
    ...(error.cause instanceof Error && depth > 0 && { cause: errorFields(error.cause, depth - 1) }),
  };
}

function messageOf(error: Error): string {
  // V8 quotes the text that it could not parse, and that may be a prompt.
  if (error instanceof SyntaxError) return 'The text could not be parsed.';
  // Node names the file in the message of a system error.
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return `${code} in ${syscall}`;
  return error.message.slice(0, MOST_CHARACTERS);
}

// A failure with a code of its own was foreseen: where it was thrown says nothing new.
function stackOf(error: Error): { stack?: string[] } {
  if (error instanceof Failure && error.kind !== 'internal') return {};
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { stack: frames.slice(0, MOST_FRAMES).map((frame) => withoutMachinePath(frame.trim())) };
}

/** Frames are named from the project's own folders on; of other files only the name stays. */
function withoutMachinePath(frame: string): string {
  return frame
    .replace(/(?:file:\/\/)?\/\S*?\/(?=(?:node_modules|dist|libs|apps)\/)/, '')
    .replace(/(?:file:\/\/|(?<=[\s(]))\/\S*\//, '');
}
