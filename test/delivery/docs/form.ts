// Compares what a document shows with what a command really printed: in form, not in numbers, keys and times.

/** Why the printed text has not the form of the shown one; `undefined` where it has. */
export function differsInForm(form: 'json' | 'text', shown: string, printed: string): string | undefined {
  return form === 'json' ? differsAsJson(shown, printed) : differsAsText(shown, printed);
}

function differsAsJson(shown: string, printed: string): string | undefined {
  const wanted = parsed(shown);
  if (wanted === undefined) return 'what is shown is no JSON';
  const given = parsed(printed) ?? parsed(printed.trim().split('\n').at(-1) ?? '');
  if (given === undefined) return `no JSON was printed: ${printed.slice(0, 500)}`;
  return differs(wanted.value, given.value, '$');
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Members that are shown must be there, of the same kind; words and truth values are what is shown, unless `…` stands there. */
function differs(wanted: unknown, given: unknown, at: string): string | undefined {
  if (wanted === '…') return undefined;
  if (kindOf(wanted) !== kindOf(given)) return `${at} is shown as ${kindOf(wanted)}, and was ${kindOf(given)}`;
  if (Array.isArray(wanted)) {
    const [pattern] = wanted;
    if (pattern === undefined) return undefined;
    const items = given as unknown[];
    if (items.length === 0) return `${at} is shown with items, and was empty`;
    return firstOf(items.slice(0, wanted.length), (item, index) => differs(wanted[index], item, `${at}[${index}]`));
  }
  if (wanted !== null && typeof wanted === 'object') {
    const members = given as Record<string, unknown>;
    return firstOf(Object.entries(wanted), ([name, value]) => {
      if (name === '…') return undefined;
      return Object.hasOwn(members, name)
        ? differs(value, members[name], `${at}.${name}`)
        : `${at}.${name} was not there`;
    });
  }
  if (typeof wanted === 'string') return fits(wanted, given as string) ? undefined : `${at} was ${String(given)}`;
  if (typeof wanted === 'boolean' && wanted !== given) return `${at} was ${String(given)}`;
  return undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function firstOf<T>(items: readonly T[], why: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = why(item, index);
    if (found) return found;
  }
  return undefined;
}

/** Line by line; a line that is `…` alone stands for any number of lines. */
function differsAsText(shown: string, printed: string): string | undefined {
  const lines = printed.trim().split('\n');
  let at = 0;
  let anywhere = false;
  for (const wanted of shown.trim().split('\n')) {
    if (wanted.trim() === '…') {
      anywhere = true;
      continue;
    }
    const found = lines.slice(at).findIndex((line) => fits(wanted, line));
    if (found < 0 || (!anywhere && found > 0)) {
      return `is shown: ${wanted}\nwas printed: ${lines.slice(at, at + (anywhere ? 20 : 1)).join('\n')}`;
    }
    at += found + 1;
    anywhere = false;
  }
  return anywhere || at === lines.length ? undefined : `more was printed: ${lines[at]}`;
}

/** White space and numbers are alike, and `…` stands for anything. */
function fits(wanted: string, given: string): boolean {
  const alike = (text: string) =>
    text
      .trim()
      .replace(/\s+/g, ' ')
      .replace(/\d+(?:[.,]\d+)*/g, '0');
  const parts = alike(wanted).split('…');
  return new RegExp(`^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('[\\s\\S]*')}$`).test(
    alike(given),
  );
}
