// Takes out of a bill of materials what is installed here and does not come to users.
import type { LockedPackage } from './lockfile.js';

export interface Component {
  'bom-ref': string;
  properties?: { name: string; value: string }[];
  components?: Component[];
}

export interface Bill {
  specVersion: string;
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

/** A tool that something shipped could also use is, to npm, neither of the two; the lockfile knows it to be a tool. */
export function ofUsers(bill: Bill, locked: readonly LockedPackage[]): Bill {
  const tools = new Set(locked.filter(({ withProduct }) => !withProduct).map(({ path }) => path));
  const dropped = new Set<string>();
  const kept = (components: Component[]): Component[] =>
    components.flatMap((one) => {
      const path = one.properties?.find(({ name }) => name === 'cdx:npm:package:path')?.value;
      if (!tools.has(path ?? '')) return [one.components ? { ...one, components: kept(one.components) } : one];
      dropped.add(one['bom-ref']);
      return [];
    });
  const components = kept(bill.components);
  const dependencies = bill.dependencies
    .filter(({ ref }) => !dropped.has(ref))
    .map((one) => (one.dependsOn ? { ...one, dependsOn: one.dependsOn.filter((ref) => !dropped.has(ref)) } : one));
  return { ...bill, components, dependencies };
}
