// Which licences may be shipped, which a tool may have, and what was read by a person where a package does not say it in SPDX.

/** Permissive: they ask for a notice, and nothing of who uses the product. */
export const SHIPPED = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
  'Zlib',
];

/** Tools are run, not handed on: copyleft of files and libraries binds nobody here. The GPL and its like still may not. */
export const TOOLS = [
  ...SHIPPED,
  'Artistic-2.0',
  'MPL-2.0',
  'LGPL-3.0-or-later',
  'LGPL-3.0-only',
  'CC-BY-3.0',
  'CC-BY-4.0',
];

export interface Exception {
  name: RegExp;
  licence: string;
  why: string;
}

/** What may be shipped all the same. An entry that no shipped package needs any more must go. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    name: /^@img\/sharp-libvips-/,
    licence: 'LGPL-3.0-or-later',
    why: 'Only the images with `onnx` hold it: an unchanged shared library in a package of its own, which whoever has the image may replace, with its notices.',
  },
];

export interface Reviewed {
  licence: string;
  /** The file of the package that was read, and words that stand in it: another text is another licence. */
  file: string;
  words: string;
}

/** Name → what was read. An entry that no package needs any more must go. */
export const REVIEWED: Record<string, Reviewed> = {
  'cohere-ai': { licence: 'MIT', file: 'LICENSE', words: 'MIT License' },
  'passport-strategy': { licence: 'MIT', file: 'LICENSE', words: '(The MIT License)' },
  pause: { licence: 'MIT', file: 'Readme.md', words: '(The MIT License)' },
  'weaviate-ts-client': {
    licence: 'BSD-3-Clause',
    file: 'LICENSE',
    words: 'Redistribution and use in source and binary',
  },
  'xmlhttprequest-ssl': { licence: 'MIT', file: 'LICENSE', words: 'Permission is hereby granted, free of charge' },
};
