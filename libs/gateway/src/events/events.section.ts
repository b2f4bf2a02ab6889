// What a connection for events may send and hold, and which pages may open one.
import { type ConfigOf, section, setting } from '#config';

export const eventsSection = section(
  'events',
  { title: 'Events', doc: 'Live events over Socket.IO (namespace /events) and plain WebSocket (/ws).' },
  {
    maxFrameBytes: setting('EVENTS_FRAME_MAX', { doc: 'Largest frame that a client may send.' })
      .byteSize({ min: 256, max: 1024 ** 2 })
      .default('16KiB'),
    framesPerSecond: setting('EVENTS_FRAMES_PER_SECOND', {
      doc: 'Frames that one connection may send in a second. Beyond it frames are refused; at twice as many the connection is closed.',
    })
      .integer({ min: 1, max: 100_000 })
      .default('50'),
    maxChannels: setting('EVENTS_CHANNELS_MAX', { doc: 'Channels that one connection may be subscribed to.' })
      .integer({ min: 1, max: 10_000 })
      .default('32'),
    maxSessions: setting('EVENTS_SESSIONS_MAX', { doc: 'Open connections of one tenant to one instance.' })
      .integer({ min: 1, max: 1_000_000 })
      .default('1000'),
    maxBufferedBytes: setting('EVENTS_BUFFER_MAX', {
      doc: 'What may wait for a connection that reads slowly. With more waiting it is closed.',
    })
      .byteSize({ min: 4096, max: 1024 ** 3 })
      .default('1MiB'),
    pingIntervalMs: setting('EVENTS_PING_INTERVAL', {
      doc: 'How often a connection is asked for a sign of life. One that gives none until the next time is closed.',
    })
      .duration({ min: 100, max: 3_600_000 })
      .default('25s'),
    handshakesPerMinute: setting('EVENTS_HANDSHAKES_MAX', {
      doc: 'Connections that one address may begin in a minute, refused ones included.',
      developmentDefault: '6000',
    })
      .integer({ min: 1, max: 1_000_000 })
      .default('120'),
    origins: setting('EVENTS_ORIGINS', {
      doc: 'Origins whose pages may connect, or * for all. Unset: pages of the host that serves the events, and those of CORS_ORIGINS. Clients that are no browsers send no origin and are not asked.',
      example: 'https://app.example.com',
    })
      .list()
      .default(''),
  },
);

export type EventsConfig = ConfigOf<typeof eventsSection>;
