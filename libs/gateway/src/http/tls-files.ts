// The certificate files of the door: read at boot, and again when they change, so that a renewal needs no restart.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger, TlsState } from '#observability';
import { failure } from '#ports';
import type { TlsConfig } from './tls.section.js';

const LOOK_EVERY_MS = 5000;

/** Contents by setting. */
type Contents = Record<'TLS_CERT' | 'TLS_KEY' | 'TLS_CLIENT_CA', string | undefined>;

export class TlsFiles {
  /** Why the files as they stand now are not in use. */
  private refused: string | undefined;

  private constructor(
    private readonly config: TlsConfig,
    private contents: Contents,
  ) {}

  /** `undefined` where no certificate is set. @throws Failure `boot.failed` where the files cannot be used. */
  static open(config: TlsConfig): TlsFiles | undefined {
    if (config.certFile === undefined) return undefined;
    const files = new TlsFiles(
      config,
      mapped(config, (env, path) => readAtBoot(env, path)),
    );
    try {
      createSecureContext(files.context(files.contents));
    } catch (error) {
      throw unusable('TLS_CERT, TLS_KEY or TLS_CLIENT_CA', reasonOf(error), error);
    }
    return files;
  }

  /** Whether clients are asked for a certificate. */
  get asksClients(): boolean {
    return this.config.clientCaFile !== undefined;
  }

  /** What the metrics tell of the files. */
  get state(): TlsState {
    const { TLS_CERT, TLS_CLIENT_CA } = this.contents;
    const endsAt = { certificate: firstEnd(TLS_CERT), client_ca: firstEnd(TLS_CLIENT_CA) };
    const known = Object.entries(endsAt).filter((end): end is [string, number] => end[1] !== undefined);
    return { endsAt: Object.fromEntries(known), refused: this.refused !== undefined };
  }

  get serverOptions(): ServerOptions {
    return {
      ...this.context(this.contents),
      ALPNProtocols: ['http/1.1'],
      requestCert: this.asksClients,
      rejectUnauthorized: this.asksClients && this.config.clientAuth === 'required',
    };
  }

  /**
   * Looks at the files every `everyMs`, and gives the server what has changed: new connections use it, those that are
   * open stay. What cannot be used is told to the log once, and what is in use stays. Gives how to stop.
   */
  follow(server: Pick<Server, 'setSecureContext'>, logger: Logger, everyMs = LOOK_EVERY_MS): () => void {
    let following = true;
    let timer: NodeJS.Timeout | undefined;
    // One look after the other: of two at once, the later could give the server what the earlier has read.
    const again = () => {
      if (following) timer = setTimeout(() => void this.look(server, logger).then(again), everyMs).unref();
    };
    again();
    return () => {
      following = false;
      clearTimeout(timer);
    };
  }

  private async look(server: Pick<Server, 'setSecureContext'>, logger: Logger): Promise<void> {
    try {
      const now = await this.read();
      if (same(now, this.contents)) {
        this.refused = undefined;
        return;
      }
      createSecureContext(this.context(now)); // Throws for what cannot be used, before the server has any of it.
      server.setSecureContext(this.context(now));
      this.contents = now;
      this.refused = undefined;
      logger.info('The TLS certificate was read again; new connections use it.');
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === this.refused) return;
      this.refused = reason;
      logger.error({ reason }, 'The TLS files have changed and cannot be used; those before stay in use.');
    }
  }

  private async read(): Promise<Contents> {
    const { TLS_CERT, TLS_KEY, TLS_CLIENT_CA } = mapped(this.config, (_, path) => readFile(path, 'utf8'));
    const [cert, key, ca] = await Promise.all([TLS_CERT, TLS_KEY, TLS_CLIENT_CA]);
    return { TLS_CERT: cert, TLS_KEY: key, TLS_CLIENT_CA: ca };
  }

  private context({ TLS_CERT, TLS_KEY, TLS_CLIENT_CA }: Contents): SecureContextOptions {
    return {
      cert: TLS_CERT,
      key: TLS_KEY,
      ...(TLS_CLIENT_CA !== undefined && { ca: TLS_CLIENT_CA }),
      minVersion: this.config.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    };
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

/** When the first of the certificates in a file ends: one that has ended breaks the chain. Epoch milliseconds. */
function firstEnd(pem: string | undefined): number | undefined {
  const ends = (pem?.match(CERTIFICATE) ?? []).map((one) => Date.parse(new X509Certificate(one).validTo));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function mapped<T>({ certFile, keyFile, clientCaFile }: TlsConfig, read: (env: string, path: string) => T) {
  const one = (env: string, path: string | undefined) => (path === undefined ? undefined : read(env, path));
  return {
    TLS_CERT: one('TLS_CERT', certFile),
    TLS_KEY: one('TLS_KEY', keyFile),
    TLS_CLIENT_CA: one('TLS_CLIENT_CA', clientCaFile),
  };
}

function readAtBoot(env: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(env, reasonOf(error), error);
  }
}

function same(a: Contents, b: Contents): boolean {
  return a.TLS_CERT === b.TLS_CERT && a.TLS_KEY === b.TLS_KEY && a.TLS_CLIENT_CA === b.TLS_CLIENT_CA;
}

/** What OpenSSL or the file system calls it; their messages name paths. */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'not valid PEM';
}

function unusable(what: string, reason: string, cause: unknown) {
  return failure('boot.failed', { reason: `${what} cannot be used: ${reason}. See docs/HTTP_SECURITY.md.` }, { cause });
}
