// Probes decide readiness, each in bounded time.
import { describe, expect, test } from 'vitest';
import { Health } from '#observability';

const works = async () => {};
const fails = async () => {
  throw new Error('down');
};

describe('health', () => {
  test('is ready with nothing to probe, and lives', async () => {
    const health = new Health();
    expect(await health.ready()).toEqual({ ok: true, checks: [] });
    expect(health.live()).toEqual({ ok: true });
  });

  test('is not ready while a critical part fails, and is again once it works', async () => {
    const health = new Health();
    let up = false;
    health.register('store', async () => (up ? works() : fails()), { critical: true });
    expect(await health.ready()).toEqual({ ok: false, checks: [{ name: 'store', ok: false, critical: true }] });
    up = true;
    expect((await health.ready()).ok).toBe(true);
  });

  test('stays ready without a part that is not critical, and shows it', async () => {
    const health = new Health();
    health.register('store', works, { critical: true });
    health.register('embeddings', fails, { critical: false });
    expect(await health.ready()).toEqual({
      ok: true,
      checks: [
        { name: 'store', ok: true, critical: true },
        { name: 'embeddings', ok: false, critical: false },
      ],
    });
  });

  test('gives up a probe that never answers, and tells it by its signal', async () => {
    const health = new Health(20);
    let given: AbortSignal | undefined;
    const frozen = (signal: AbortSignal) => {
      given = signal;
      return new Promise<void>(() => {});
    };
    health.register('frozen', frozen, { critical: true });
    health.register(
      'throws at once',
      () => {
        throw new Error('down');
      },
      { critical: false },
    );
    expect((await health.ready()).checks.map(({ ok }) => ok)).toEqual([false, false]);
    expect(given?.aborted).toBe(true);
  });

  test('probes once for readers at the same time', async () => {
    const health = new Health();
    let probes = 0;
    health.register('store', async () => void probes++, { critical: true });
    await Promise.all(Array.from({ length: 100 }, () => health.ready()));
    expect(probes).toBe(1);
    await health.ready();
    expect(probes).toBe(2);
  });

  test('is not ready once it stops, and still lives', async () => {
    const health = new Health();
    health.stop();
    expect((await health.ready()).ok).toBe(false);
    expect(health.live().ok).toBe(true);
  });
});
