// Turns a text into a vector by hashing its words, word pairs and letter groups: no weights, no state, the same for ever.
import { FUNCTION_WORDS, GENERAL_WORDS } from './plain-words.js';

/** Changes whenever the vector of any text would: vectors of different versions are not comparable. */
export const NGRAM_VERSION = 'ngram-1';

// Chosen by nearest-neighbour precision on a part of BANKING77's training queries that was held out for it.
const WORD_WEIGHT = 1;
const PAIR_WEIGHT = 0.6;
const LETTERS_WEIGHT = 0.4;
const FUNCTION_WORD_WEIGHT = 0.3;
const GENERAL_WORD_WEIGHT = 0.6;
const SHORTEST_GROUP = 2;
const LONGEST_GROUP = 4;

// Each kind of feature begins its hashes elsewhere: "an" the word is not "an" inside a word.
const WORD = 0x811c9dc5;
const PAIR = 0x1b873593;
const LETTERS = 0xcc9e2d51;

const BOUNDARY = '_';
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;
const APOSTROPHES = /['’]/g;

/** A feature of one text: how often it occurs, and how much one occurrence says. */
interface Feature {
  count: number;
  weight: number;
}

/**
 * Lexical, not semantic: texts are near each other when they share wording. Parts of words count, so inflections and
 * typing errors stay near; synonyms and other languages do not. Gives a vector of unit length, or zeros for a text of
 * blanks alone.
 */
export function hashNgrams(text: string, dimensions: number): Float32Array {
  const normal = text.normalize('NFKC').toLowerCase();
  // Where there are no words ("???", "👍") the symbols stand for themselves.
  const words = normal.replace(APOSTROPHES, '').match(WORDS) ?? normal.match(/\S+/g) ?? [];
  return unitLength(spread(featuresOf(words), dimensions));
}

function featuresOf(words: readonly string[]): Map<number, Feature> {
  const features = new Map<number, Feature>();
  let [previous, previousWeight] = ['', 0];
  for (const word of words) {
    const weight = weightOf(word);
    add(features, hashed(word, WORD), WORD_WEIGHT * weight);
    if (previous !== '') {
      add(features, hashed(word, hashed(previous, PAIR)), PAIR_WEIGHT * Math.sqrt(previousWeight * weight));
    }
    addLetterGroups(features, BOUNDARY + word + BOUNDARY, LETTERS_WEIGHT * weight);
    [previous, previousWeight] = [word, weight];
  }
  return features;
}

function addLetterGroups(features: Map<number, Feature>, word: string, weight: number): void {
  for (let start = 0; start + SHORTEST_GROUP <= word.length; start++) {
    const end = Math.min(word.length, start + LONGEST_GROUP);
    let hash = LETTERS;
    for (let at = start; at < end; at++) {
      hash = step(hash, word.charCodeAt(at));
      if (at - start + 1 >= SHORTEST_GROUP) add(features, scrambled(hash), weight);
    }
  }
}

function add(features: Map<number, Feature>, hash: number, weight: number): void {
  const known = features.get(hash);
  if (!known) features.set(hash, { count: 1, weight });
  else {
    known.count++;
    known.weight = Math.max(known.weight, weight);
  }
}

function weightOf(word: string): number {
  if (FUNCTION_WORDS.has(word)) return FUNCTION_WORD_WEIGHT;
  return GENERAL_WORDS.has(word) ? GENERAL_WORD_WEIGHT : 1;
}

/**
 * Feature hashing (Weinberger et al., 2009): the hash chooses place and sign, so that collisions cancel out on average.
 * Two places a feature halve what one collision does. Repetition counts logarithmically.
 */
function spread(features: Map<number, Feature>, dimensions: number): Float64Array {
  const sums = new Float64Array(dimensions);
  for (const [hash, { count, weight }] of features) {
    const value = weight * (1 + Math.log(count));
    place(sums, hash, value);
    place(sums, scrambled(hash + 0x9e3779b9), value);
  }
  return sums;
}

function place(sums: Float64Array, hash: number, value: number): void {
  const at = Math.floor(((hash >>> 1) * sums.length) / 2 ** 31);
  sums[at]! += hash & 1 ? value : -value;
}

function unitLength(sums: Float64Array): Float32Array {
  let squares = 0;
  for (const one of sums) squares += one * one;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  const vector = new Float32Array(sums.length);
  for (let at = 0; at < sums.length; at++) vector[at] = sums[at]! * scale;
  return vector;
}

/** FNV-1a over UTF-16 code units, then scrambled. */
function hashed(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = step(hash, text.charCodeAt(at));
  return scrambled(hash);
}

function step(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** MurmurHash3's finaliser: FNV leaves the upper bits, which choose the place, too regular. Signed: V8 keeps it unboxed. */
function scrambled(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
