// Reads whom a client's certificate names, from a connection whose TLS has verified it.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../exchange.js';

/** Separators within quotes belong to a name: https://nodejs.org/api/crypto.html#x509subjectaltname */
const ALTERNATIVE = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;

/** `undefined` where the peer has shown none, or none that the authorities have signed. */
export function peerCertificate(socket: Socket): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const shown = socket.getPeerX509Certificate();
  if (!shown) return undefined;
  const { subject, subjectAltName = '', validToDate } = shown;
  return Object.freeze({
    subject: rfc4514(subject),
    san: subjectAltName.match(ALTERNATIVE)?.map(unquoted) ?? [],
    expiresAt: validToDate.getTime(),
  });
}

/** A name that could be taken for several is written as a JSON string. */
function unquoted(alternative: string): string {
  return alternative.trim().replace(/"(?:[^"\\]|\\.)*"$/, (text) => JSON.parse(text) as string);
}

/** RFC 4514 §2.1: the last name first. Node writes one on a line, its value escaped already. */
function rfc4514(subject: string): string {
  return subject
    .split('\n')
    .reverse()
    .map((names) => names.replaceAll(' + ', '+'))
    .join(',');
}
