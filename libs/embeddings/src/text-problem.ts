// Carries what is wrong with one text to whoever knows where its caller gave it.
import type { Failure } from '#ports';

/** The failure, once it is known at which position the text was given. */
export type TextProblem = (position: number) => Failure;

/** Never leaves this room: the embedder turns it into the failure. */
export class RefusedText extends Error {
  constructor(
    readonly text: string,
    readonly problem: TextProblem,
  ) {
    super('refused');
  }
}
