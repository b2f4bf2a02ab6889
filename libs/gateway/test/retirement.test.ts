// The notice of an endpoint that will be taken away: dates and links in the forms that the RFCs give them.
import { describe, expect, it } from 'vitest';
import { noticeOf } from '../src/retirement.js';

describe('noticeOf', () => {
  it('names the day of the deprecation in seconds, and where to read about it', () => {
    expect(noticeOf({ since: '2027-01-31' })).toEqual([
      ...['deprecation', '@1801353600'],
      ...['link', '</docs>; rel="deprecation"; type="text/html"'],
    ]);
  });

  it('names the sunset as an HTTP date, and what stands in its place', () => {
    const notice = noticeOf({ since: '2027-01-31', sunset: '2027-07-31', successor: '/api/v2/cache' });
    expect(notice).toContain('Sat, 31 Jul 2027 00:00:00 GMT');
    expect(notice.at(-1)).toMatch(/, <\/api\/v2\/cache>; rel="successor-version"$/);
  });

  it.each([
    [{ since: '2027-02-31' }, '2027-02-31 is no day'],
    [{ since: 'soon' }, 'soon is no day'],
    [{ since: '2027-01-31', sunset: '2027' }, '2027 is no day'],
    [{ since: '2027-01-31', sunset: '2027-01-30' }, 'sunset 2027-01-30 is before'],
  ])('refuses %j', (retirement, message) => {
    expect(() => noticeOf(retirement)).toThrow(message);
  });
});
