import type { Forge } from '../ports/forge.js';
import type { PublishedEvent, PublishedHook } from '../ports/hook.js';

/** GitHub takes at most ten keys. */
const payloadOf = (event: PublishedEvent): Readonly<Record<string, unknown>> => ({
  name: event.name,
  serial: event.serial,
  sha256: event.sha256,
  previousSerial: event.previousSerial ?? null,
  names: event.names,
  notAfter: event.notAfter,
  owner: event.owner ?? null,
  environment: event.environment ?? null,
  ownKey: event.ownKey,
  state: event.state,
});

/** Told by an event of the forge, for workflows that wait for it. @throws CertError `forge.…` */
export const dispatchHook =
  (open: () => Forge, type: string): PublishedHook =>
  async (event) => {
    const forge = open();
    try {
      await forge.events.dispatch(type, payloadOf(event));
    } finally {
      await forge.close();
    }
  };
