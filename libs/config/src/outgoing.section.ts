// Where the service may send requests of its own.
import { type ConfigOf, section } from './section.js';
import { setting } from './setting.js';

/** A name, `*.name`, an IPv4 address or an IPv6 address in brackets; with or without a port. */
const HOST = /^(\*\.)?([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

export const outgoingSection = section(
  'outgoing',
  {
    title: 'Outgoing calls',
    doc: 'Where the service may send requests of its own: to embedding providers, key services and token issuers. Redirects are never followed. Redis and the trace collector are configured by their own settings and not bound by these.',
    rule: ({ allowedHosts }) => {
      const odd = allowedHosts.find((one) => !HOST.test(one));
      return odd === undefined
        ? []
        : [
            {
              setting: 'allowedHosts',
              message: `must list hosts such as ollama:11434, *.svc.cluster.local or [fd00::7]; ${odd} is none`,
            },
          ];
    },
  },
  {
    allowedHosts: setting('OUTGOING_ALLOWED_HOSTS', {
      doc: 'Hosts, with or without a port, that may be called over http and at private addresses; *.name stands for every name below it. All others are called over https only, and only where their name leads to public addresses: not to this machine, private networks or the metadata service of a cloud.',
      example: 'ollama:11434,*.svc.cluster.local',
      developmentDefault: 'localhost,127.0.0.1,[::1]',
    })
      .list()
      .default(''),
  },
);

export type OutgoingConfig = ConfigOf<typeof outgoingSection>;
