// Reads `a=1,b=2` with percent-encoded values, as OpenTelemetry writes headers and resource attributes in its variables.

/** Parts that are no pair are passed over; a value that is not percent-encoded rightly is taken as it stands. */
export function pairsOf(text = ''): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
