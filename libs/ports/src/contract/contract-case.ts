// The promises of a port as plain data, so that any test runner can prove a provider.

/** One promise: `for (const c of vectorStoreContract(open)) test(c.name, c.run)`. `run` rejects when the promise is broken. */
export interface ContractCase {
  name: string;
  run: () => Promise<void>;
}
