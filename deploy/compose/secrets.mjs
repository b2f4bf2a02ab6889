// Makes the secrets of the compose project, each once, in volumes that only those who need them mount.
//   node secrets.mjs FOLDER
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '/secrets'] = process.argv.slice(2);
const made = [];

/** What was made before stays: with another key, nothing that was kept could be opened. */
const password = secret('redis/password', () => randomBytes(32).toString('hex'));
const metricsToken = secret('prometheus/metrics-token', () => randomBytes(32).toString('hex'));
secret('grafana/admin-password', () => randomBytes(16).toString('hex'));
secret('server/jwt-secret', () => randomBytes(48).toString('base64'));
secret('server/key-name-secret', () => randomBytes(48).toString('base64'));
secret('server/encryption-key', () => randomBytes(32).toString('base64'));

write('server/metrics-token', metricsToken);
write('server/redis-url', `redis://resk:${password}@redis:6379`);
// Nobody gets in without a name; the server reaches its own keys and channels, and no command that is dangerous to others.
write(
  'redis/users.acl',
  [
    'user default off',
    'user probe on nopass resetkeys resetchannels -@all +ping',
    `user resk on #${createHash('sha256').update(password).digest('hex')} ~resk* &resk* +@all -@admin -@dangerous`,
    '',
  ].join('\n'),
);
console.log(made.length > 0 ? `Made ${made.join(', ')}.` : 'Every secret was there.');

function secret(path, make) {
  try {
    return readFileSync(join(folder, path), 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const text = make();
  write(path, text);
  made.push(path);
  return text;
}

/** Read by whichever user the service runs as; who may mount the volume is what keeps it. */
function write(path, text) {
  if (existsSync(join(folder, path)) && readFileSync(join(folder, path), 'utf8') === text) return;
  mkdirSync(join(folder, path, '..'), { recursive: true });
  // A user without rights beyond its own, as compose runs this, may replace what it may not write to.
  rmSync(join(folder, path), { force: true });
  writeFileSync(join(folder, path), text, { mode: 0o444 });
}
