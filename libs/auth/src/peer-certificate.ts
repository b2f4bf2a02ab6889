// The certificate of a peer that TLS has verified: whoever ends TLS fills this in, and callers are found by it.

/** Whom a client certificate names that the door's authorities have signed. One object a connection, so that its caller is found once. */
export interface PeerCertificate {
  /** RFC 4514, e.g. `CN=ingest,OU=data,O=Example`. */
  readonly subject: string;
  /** Its alternative names as OpenSSL writes them, e.g. `DNS:ingest.internal`, `URI:spiffe://example/ingest`. */
  readonly san: readonly string[];
  /** Epoch milliseconds of notAfter: connections may outlive their certificate. */
  readonly expiresAt: number;
}
