// Ends with 0 while the server in this container is well: asks it at PORT, over TLS where TLS_CERT is set.
//   node /app/health.mjs [PATH]      /health/ready unless a path is given, e.g. /health/live
import { readFileSync } from 'node:fs';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

const [path = '/health/ready'] = process.argv.slice(2);
const { PORT, HOST, TLS_CERT, TLS_KEY, TLS_CLIENT_CA, TLS_CLIENT_AUTH } = process.env;
const LIMIT_MS = 2500;

/** An address that listens on all is asked on this machine itself. */
const host = HOST && !['0.0.0.0', '::'].includes(HOST) ? HOST : '127.0.0.1';
const options = { host, port: PORT || 3000, path, timeout: LIMIT_MS, headers: { host: 'localhost' } };

let shookHands = false;
const request = TLS_CERT ? overHttps({ ...options, ...itsOwnCertificate() }) : overHttp(options);
request.on('socket', (socket) => socket.once('secureConnect', () => (shookHands = true)));
request.on('response', (reply) => {
  reply.resume();
  end(reply.statusCode === 200, `${path} answers ${reply.statusCode}`);
});
request.on('timeout', () => end(false, `no answer within ${LIMIT_MS} ms`));
request.on('error', (error) => {
  // Where only certain clients are let in, being turned away at the door is a sign of life, and all that can be seen from here.
  const turnedAway = shookHands && TLS_CLIENT_CA && TLS_CLIENT_AUTH === 'required';
  end(turnedAway, turnedAway ? `asks for a client certificate (${error.code})` : error.message);
});
request.end();

/** Shown where clients are asked for one: it is good where one authority signs both. */
function itsOwnCertificate() {
  const own = TLS_CLIENT_CA ? { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) } : {};
  // The probe asks whether this process answers, sends nothing, and its certificate names other hosts than this one.
  return { ...own, rejectUnauthorized: false };
}

function end(well, why) {
  console.log(why);
  process.exit(well ? 0 : 1);
}
