// What a reader is shown of a result: the same on a page in the browser and on one that a server renders.

/** What was written, or the nearest document. A result may be any JSON; of a form that is not known here, all is shown. */
export function textOf(result) {
  if (result === null) return 'Nobody knows.';
  const candidates = [result, result.answer, result.text, result.matches?.[0]?.text];
  return candidates.find((one) => typeof one === 'string') ?? JSON.stringify(result);
}
