// The page: a question, its answer, and where the answer came from.
import { CacheClient } from './cache.js';
// Handed out beside this file by server.mjs.
import { textOf } from './text-of.mjs';

const { cacheUrl } = document.body.dataset;
const cache = new CacheClient({ cacheUrl, tokenUrl: '/session/token' });
const part = (name) => document.getElementById(name);

part('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  part('send').disabled = true;
  try {
    const { result, source, tier } = await cache.ask(part('question').value);
    // textContent, never innerHTML: an answer is somebody's text.
    part('answer').textContent = textOf(result);
    part('source').textContent = tier ? `${source}, ${tier}` : source;
  } catch (problem) {
    part('answer').textContent = problem.message;
    part('source').textContent = problem.code ?? 'unreachable';
  } finally {
    part('send').disabled = false;
  }
});
