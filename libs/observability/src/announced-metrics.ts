// How a group of metrics says which announcements feed it.
import { type AnnouncementName, type Announcements, listen } from '#ports';

/** Begins to listen, and gives how to stop. */
export type Feed = () => () => void;

/** Feeds metrics from one announcement. Handlers run inside the announcing call: they only add numbers. */
export function fedBy<Name extends AnnouncementName>(name: Name, heard: (message: Announcements[Name]) => void): Feed {
  return () => listen(name, heard);
}

/** Why stored data is not trusted: the same for entries and for documents. */
export const DISTRUST = ['unsealed', 'tampered', 'unknown_key', 'malformed'] as const;

/** Acts once for each name. Serves to begin a series at nothing, since the first event is an increase only then. */
export function oncePer(act: (name: string) => void): (name: string) => void {
  const seen = new Set<string>();
  return (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    act(name);
  };
}

export const SECONDS_PER_MS = 1e-3;
