// The cache as a library, in a plain Node program: keeps what is expensive to make, for as long as it is true.
// In a clone: npm run build && node examples/library.mjs. Elsewhere: npm install resk-caching.
import { selectCache } from 'resk-caching';

// Without options: in memory, or what CACHE_BACKEND says. { backend: 'sqlite', keyNameSecret } survives a restart.
const cache = selectCache({ ttl: 3600, memoryMax: '16MiB' });

let made = 0;
async function openingHours() {
  made += 1;
  await new Promise((resolve) => setTimeout(resolve, 50)); // a slow catalogue, or a language model
  return { weekdays: '9 am to 8 pm', saturday: '10 am to 5 pm', sunday: null };
}

// Ten visitors ask at once: one of them makes the answer, the others wait for it.
const answers = await Promise.all(Array.from({ length: 10 }, () => cache.wrap('hours', openingHours)));
console.log(`${answers.length} answers, made ${made} time(s):`, answers[0]);

await cache.set('greeting', { text: 'Welcome to Maplewood' }, 60);
console.log('kept:', await cache.get('greeting'));

await cache.delete('greeting');
console.log('deleted:', await cache.get('greeting'));

await cache.close();
