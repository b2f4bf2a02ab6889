// Live events: the hub, its two doors, and how they are set.
export { EventHub, type HubLimits } from './event-hub.js';
export { EventsGateway } from './events.gateway.js';
export { type EventsConfig, eventsSection } from './events.section.js';
export { EventsIoAdapter } from './events-io-adapter.js';
export { Handshake } from './handshake.js';
export { attachPlainWebSocket, type PlainWebSocketDoor, type PlainWebSocketOptions } from './plain-websocket.js';
