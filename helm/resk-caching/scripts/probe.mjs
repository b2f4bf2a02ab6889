// Asks this pod's own server, with a client certificate that the kubelet does not have: node probe.mjs https://127.0.0.1:3000/health/live /folder/of/certificate
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const [url, folder] = process.argv.slice(2);
const [cert, key] = ['tls.crt', 'tls.key'].map((name) => readFileSync(`${folder}/${name}`));

// As the kubelet does, it asks whether the server answers, and not who it is: the name 127.0.0.1 is in no certificate.
const asked = request(url, { cert, key, rejectUnauthorized: false, timeout: 2500 }, ({ statusCode }) => {
  console.log(`${url}: ${statusCode}`);
  process.exit(statusCode === 200 ? 0 : 1);
});
asked.on('timeout', () => asked.destroy(new Error('no answer')));
asked.on('error', ({ message }) => {
  console.error(`${url}: ${message}`);
  process.exit(1);
});
asked.end();
