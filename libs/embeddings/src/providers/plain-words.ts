// English words that say little about what a text is about. A change here changes vectors: see NGRAM_VERSION.

const listed = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words of grammar. */
export const FUNCTION_WORDS = listed(`
  a about after again all am an and any are as at be because been before being between both but by can could did do
  does doing don down during each few for from had has have having he her here hers him his how i id if im in into
  is it its ive just ll me more most my no not now of off on once only or other our out over own re s same she
  should so some such t than that the their them then there these they this those through to too under until up ve
  very was we were what when where which while who whom why will with would you your yours
`);

/** Words that any request may hold. */
export const GENERAL_WORDS = listed(`
  able also anything back come even explain get getting give go got happen happened happens hello help hey hi know
  let like make many much need needs one please possible really see show someone something still take tell thank
  thanks thing things think tried try trying use used using want wanted way went
`);
