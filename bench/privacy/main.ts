// npm run eval:privacy: how much of the labelled set the detectors find, and how often they are wrong. `-- --errors` lists where.
import { openTextGuard } from '#privacy';
import { labelledSet } from './labelled-set.js';
import { DETECTORS, measure, tableOf } from './measure.js';

const guard = await openTextGuard(DETECTORS, { plugins: [] });
const { scores, missed, wrong } = await measure(guard, labelledSet());
console.log(tableOf(scores));
if (process.argv.includes('--errors')) {
  for (const { text, label } of missed) console.log(`missed ${label!.kind}: ${JSON.stringify(text)}`);
  for (const { text, kind, found } of wrong) console.log(`wrong ${kind} (${found}): ${JSON.stringify(text)}`);
}
