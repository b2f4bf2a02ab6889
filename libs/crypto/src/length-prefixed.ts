// Joins texts so that no two different lists give the same bytes.

/** Each part as its UTF-8 length (4 bytes, big endian) and its UTF-8 bytes. Texts must be well-formed Unicode. */
export function lengthPrefixed(parts: readonly string[]): Buffer {
  const lengths = parts.map((part) => Buffer.byteLength(part));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let at = 0;
  parts.forEach((part, index) => {
    at = bytes.writeUInt32BE(lengths[index]!, at);
    at += bytes.write(part, at);
  });
  return bytes;
}
