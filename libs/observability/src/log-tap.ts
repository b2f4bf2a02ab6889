// Lets finished log lines be heard as they are printed, so that what is sent elsewhere is what stands on standard output.
import type { DestinationStream } from 'pino';

/** Lines kept from before anybody hears: those of the start. */
const MOST_EARLY = 1000;

let early: string[] = [];
let heard: ((line: string) => void) | undefined;

/** The destination, and with it whoever hears lines. */
export function tapped(destination: DestinationStream & { flushSync?(): void }): DestinationStream {
  return {
    write(line: string) {
      destination.write(line);
      if (heard) heard(line);
      else if (early.length < MOST_EARLY) early.push(line);
    },
    // For pino, before the process ends with a fatal line.
    ...(destination.flushSync && { flushSync: () => destination.flushSync?.() }),
  };
}

/** From now on each line is heard, those of before first. Returns how to stop. */
export function openTap(hear: (line: string) => void): () => void {
  const before = early;
  early = [];
  heard = hear;
  for (const line of before) hear(line);
  return () => {
    if (heard === hear) heard = undefined;
  };
}
