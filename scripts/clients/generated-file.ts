// What a generator of clients gives: files of a package, some of which belong to the user once they are written.

export interface ClientFile {
  /** Inside the folder of the client. */
  path: string;
  text: string;
  /** Written once: what a user has changed stays. */
  once?: true;
}

export interface ClientOptions {
  /** Name of the class. */
  className: string;
  /** Name of the npm package, and with underscores of the Python package. */
  packageName: string;
  /** In place of operationIds that read badly. */
  names?: Readonly<Record<string, string>>;
}

export function notice(sign: '//' | '#', purpose: string): string {
  return `${sign} ${purpose} Written by generate:clients; a change by hand is lost.\n`;
}
