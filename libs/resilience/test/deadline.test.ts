// A deadline is one point in time, and costs a timer only for those who ask for its signal.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isFailure } from '#ports';
import { Deadline } from '#resilience';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('counts down to zero and never below', () => {
  const deadline = new Deadline(1000);
  vi.advanceTimersByTime(400);
  expect(deadline.remainingMs()).toBe(600);
  vi.advanceTimersByTime(900);
  expect(deadline.remainingMs()).toBe(0);
});

test('starts no timer before its signal is asked for, and keeps none after close', () => {
  const deadline = new Deadline(1000);
  expect(vi.getTimerCount()).toBe(0);
  const { signal } = deadline;
  expect(vi.getTimerCount()).toBe(1);
  deadline.close();
  deadline.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(2000);
  expect(signal.aborted).toBe(false);
});

test('aborts its signal with request.late when the time is up', () => {
  const { signal } = new Deadline(1000);
  vi.advanceTimersByTime(999);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(isFailure(signal.reason, 'request.late')).toBe(true);
  expect(signal.reason.facts).toEqual({ limitMs: 1000 });
});

test('gives one signal, however often it is asked', () => {
  const deadline = new Deadline(1000);
  expect(deadline.signal).toBe(deadline.signal);
  expect(vi.getTimerCount()).toBe(1);
  deadline.close();
});

test('is aborted at once when asked after the time is up', () => {
  const deadline = new Deadline(10);
  vi.advanceTimersByTime(11);
  expect(isFailure(deadline.signal.reason, 'request.late')).toBe(true);
});

test('follows its parent, with the reason of the parent', () => {
  const parent = new AbortController();
  const deadline = new Deadline(1000, parent.signal);
  const { signal } = deadline;
  parent.abort('gone');
  expect(signal.reason).toBe('gone');
  expect(vi.getTimerCount()).toBe(0);
});

test('is aborted from the start under a parent that already is', () => {
  expect(new Deadline(1000, AbortSignal.abort('gone')).signal.reason).toBe('gone');
});
