// The page: a question, its answer, and where the answer came from.
import { CacheClient } from './cache.js';

const { cacheUrl } = document.body.dataset;
const cache = new CacheClient({ cacheUrl, tokenUrl: '/session/token' });
const part = (name) => document.getElementById(name);

part('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  part('send').disabled = true;
  try {
    const { result, source, tier } = await cache.ask(part('question').value);
    // textContent, never innerHTML: an answer is somebody's text.
    part('answer').textContent = result === null ? 'Nobody knows.' : textOf(result);
    part('source').textContent = tier ? `${source}, ${tier}` : source;
  } catch (problem) {
    part('answer').textContent = problem.message;
    part('source').textContent = problem.code ?? 'unreachable';
  } finally {
    part('send').disabled = false;
  }
});

/** What was written, or the nearest document. */
function textOf(result) {
  if (typeof result === 'string') return result;
  return result.answer ?? result.matches?.[0]?.text ?? JSON.stringify(result);
}
