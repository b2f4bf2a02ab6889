// Whether a server that has answered many requests holds more memory than it did after the first of them.

/** What a heap may differ by after a collection, for reasons that do not add up. */
export const ALLOWED_MEBIBYTES = 12;

/** @param soak figures `{ after, heapMiB }`, in the order in which they were measured; two at least */
export function verdict(soak) {
  if (!(soak?.length >= 2)) return { held: false, text: 'There are no figures to compare.' };
  const [first, last] = [soak[0], soak.at(-1)];
  const grown = last.heapMiB - first.heapMiB;
  const held = grown <= ALLOWED_MEBIBYTES;
  const change = `${grown >= 0 ? 'grew' : 'shrank'} by ${Math.abs(grown).toFixed(1)} MiB`;
  const judged = held ? 'it is held' : `that is more than ${ALLOWED_MEBIBYTES}`;
  return { held, text: `The heap ${change} from ${first.after} to ${last.after} requests; ${judged}.` };
}
