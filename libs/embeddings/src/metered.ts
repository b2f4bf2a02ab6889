// Keeps account of one attempt to call a model that bills.
export { estimatedTokens, metered } from '#resilience';
