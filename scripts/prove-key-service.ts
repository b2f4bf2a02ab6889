// Proves a live key service: opens the one that KEY_SERVICE and KEY_SERVICE_OPTIONS name, as the server would, and runs its contract.
// Run: npm run build && KEY_SERVICE=vault KEY_SERVICE_OPTIONS='{…}' node dist/scripts/prove-key-service.js
// It wraps and unwraps keys that are used for nothing else, and changes nothing in the service. See docs/KEY_SERVICES.md.
import { outgoingSection, readConfig, runtimeSection } from '#config';
import { cryptoSection, openKeyService } from '#crypto';
import { type KeyService, keyServiceContract } from '#ports';
import { MemoryRecords } from '#records';
import { OutgoingRules, setOutgoingRules } from '#resilience';

const { crypto, runtime, outgoing } = readConfig([runtimeSection, cryptoSection, outgoingSection]);
setOutgoingRules(OutgoingRules.allowing(outgoing.allowedHosts));

async function open(): Promise<KeyService> {
  const service = await openKeyService(crypto, { plugins: runtime.plugins, records: new MemoryRecords() });
  if (!service) throw new Error('No key service is configured: set KEY_SERVICE, or CACHE_ENCRYPTION_KEY.');
  return service;
}

const service = await open();
for (const { masterKeyId, state } of await service.keys()) console.log(`${state.padEnd(8)} ${masterKeyId}`);
await service.close();

let broken = 0;
for (const { name, run } of keyServiceContract(open)) {
  const problem = await run().then(() => undefined, String);
  console.log(problem === undefined ? `kept     ${name}` : `BROKEN   ${name}: ${problem}`);
  if (problem !== undefined) broken++;
}
process.exitCode = broken === 0 ? 0 : 1;
