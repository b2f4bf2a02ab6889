// Finds personal data and secrets in texts, and says what a policy makes of them.

export { fitForLogs } from './fit-for-logs.js';
export { type DetectorOptions, openTextGuard, textDetectorFamily } from './open-text-guard.js';
export { DECISIONS, type Decision, decisionOn, type PrivacyPolicy, strictest } from './policy.js';
export { type PrivacyConfig, privacySection } from './privacy.section.js';
export { type Judgement, TextGuard } from './text-guard.js';
