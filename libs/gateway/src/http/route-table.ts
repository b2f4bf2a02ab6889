// Which paths there are and which methods each answers, so that a wrong method is told from a wrong path.
import { Injectable } from '@nestjs/common';

@Injectable()
export class RouteTable {
  private readonly routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  /** Remembers a route as Fastify registers it; `url` may hold `:name` and a closing `*`. */
  add(url: string, methods: string | string[]): void {
    const known = this.routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const method of [methods].flat()) known.methods.add(method);
    this.routes.set(url, known);
  }

  /** The methods that a path answers; none where there is no such path. */
  methodsOf(path: string): string[] {
    const bare = path.split('?', 1)[0] as string;
    const found = [...this.routes.values()].filter(({ pattern }) => pattern.test(bare));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => (part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}/?$`);
}
