// What keeps account of calls that cost money: told before a call and after it, so that a crash in between is seen too.

/** Stands where a tenant would, for what the service spends for itself, e.g. on proving a model at boot. No tenant is called so. */
export const SERVICE_ACCOUNT = '~service';

/** One attempt to call a provider that bills. */
export interface MeteredCall {
  tenant: string;
  /** From closed sets: name of the provider and of its model. */
  provider: string;
  model: string;
  operation: 'embedding' | 'rerank' | 'completion';
  /** Texts in the call. */
  items: number;
  /** What the call may cost, in tokens, before the provider has counted. */
  estimatedTokens: number;
}

/** Settled once, by whichever method is called first; none of them rejects. */
export interface OpenAccount {
  /** Names the call, also to the provider (`x-client-request-id`): who reconciles an invoice finds it by this. */
  readonly callId: string;
  /**
   * The provider answered and counted. Durable when it returns; where the records do not answer, it is noted as soon as
   * they do, and until then stands as a call whose outcome is not known.
   */
  spent(tokens: number): Promise<void>;
  /** Nothing was billed: the call was refused or never left. */
  free(): Promise<void>;
  /** Nobody knows whether it was billed: it was sent, and no reply came. Kept apart from what was surely spent. */
  uncertain(): Promise<void>;
}

export abstract class Meter {
  /**
   * Notes, durably, that a call is about to be made.
   * @throws Failure `quota.exceeded` where the tenant may not spend as much; `usage.unavailable` where it cannot be noted:
   * the call is then not to be made
   */
  abstract begin(call: MeteredCall): Promise<OpenAccount>;
}
