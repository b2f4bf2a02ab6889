// Lets records that work within this process be followed call by call, as those of a server are by their connection.
import { followed } from '#ports';
import type { Records } from './records.js';

type Method = (...given: unknown[]) => unknown;

/** The same records; each of their calls may be followed. */
export function followedRecords<R extends Records & { readonly backend: 'sqlite' }>(records: R): R {
  const methods = new Map<string | symbol, Method>();
  return new Proxy(records, {
    get(target, name) {
      const known = methods.get(name);
      if (known) return known;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name === 'symbol') return value;
      const made = followedMethod(target, name, value as Method);
      methods.set(name, made);
      return made;
    },
  });
}

function followedMethod(target: Records, operation: string, method: Method): Method {
  return (...given) =>
    followed({ kind: 'records', system: 'sqlite', operation }, () => Reflect.apply(method, target, given));
}
