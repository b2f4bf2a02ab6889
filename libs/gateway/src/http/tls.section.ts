// TLS at the HTTP door, and which clients show a certificate.
import { type ConfigOf, section, setting } from '#config';

export const tlsSection = section(
  'tls',
  {
    title: 'TLS',
    doc: 'Without TLS_CERT the server speaks plain HTTP, and TLS is to end in front of it. Files are read again when they change; connections stay.',
    rule: ({ certFile, keyFile, clientCaFile }) => [
      ...(certFile !== undefined && keyFile === undefined
        ? [{ setting: 'keyFile' as const, message: 'must be set where TLS_CERT is' }]
        : []),
      ...(certFile === undefined && keyFile !== undefined
        ? [{ setting: 'certFile' as const, message: 'must be set where TLS_KEY is' }]
        : []),
      ...(certFile === undefined && clientCaFile !== undefined
        ? [{ setting: 'certFile' as const, message: 'must be set where TLS_CLIENT_CA is' }]
        : []),
    ],
  },
  {
    certFile: setting('TLS_CERT', {
      doc: 'File with the certificate of the server in PEM, followed by those of its issuers.',
      example: '/etc/tls/tls.crt',
    })
      .text()
      .optional(),
    keyFile: setting('TLS_KEY', {
      doc: 'File with its private key in PEM, not encrypted.',
      example: '/etc/tls/tls.key',
    })
      .text()
      .optional(),
    minVersion: setting('TLS_MIN_VERSION', { doc: 'Oldest version of TLS that is spoken.' })
      .oneOf(['1.2', '1.3'])
      .default('1.2'),
    clientCaFile: setting('TLS_CLIENT_CA', {
      doc: 'File with the certificates of the authorities that sign client certificates. Set, clients are asked for one; callers are found by it as MTLS_CALLERS says.',
      example: '/etc/tls/clients.crt',
    })
      .text()
      .optional(),
    clientAuth: setting('TLS_CLIENT_AUTH', {
      doc: 'Where TLS_CLIENT_CA is set: whether a client without a good certificate may connect all the same, and use a token. Probes are clients too.',
    })
      .oneOf(['optional', 'required'])
      .default('optional'),
  },
);

export type TlsConfig = ConfigOf<typeof tlsSection>;
