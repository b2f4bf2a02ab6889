// How a group of metrics says which announcements feed it.
import { type AnnouncementName, type Announcements, listen } from '#ports';

/** Begins to listen, and gives how to stop. */
export type Feed = () => () => void;

/** Feeds metrics from one announcement. Handlers run inside the announcing call: they only add numbers. */
export function fedBy<Name extends AnnouncementName>(name: Name, heard: (message: Announcements[Name]) => void): Feed {
  return () => listen(name, heard);
}

export const SECONDS_PER_MS = 1e-3;
