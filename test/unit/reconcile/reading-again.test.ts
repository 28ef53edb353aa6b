import { expect, it } from 'vitest';
import { parseStatus } from '../../../src/config/state.js';
import { land, observeState } from '../../../src/reconcile/land.js';
import { statusFile } from '../../../src/reconcile/run.js';
import { many, openPlace, openRunner, type Place, runUntilQuiet } from '../../support/engine.js';

/** A machine that notes which files it had to read. */
async function reader(place: Place) {
  const { deps } = await openRunner(place);
  const read: string[] = [];
  const counting = {
    ...deps,
    parseStatus: (text: string, path: string) => {
      read.push(path);
      return parseStatus(text, path);
    },
  };
  return {
    async look() {
      const view = await observeState(counting);
      return { view, read: read.splice(0) };
    },
  };
}

it('a second look at the state reads the files that differ, and no other', async () => {
  const place = await openPlace({ kind: 'local-ca', manifests: many(4) });
  await runUntilQuiet(place, await openRunner(place));
  const { look } = await reader(place);
  const first = await look();
  expect(first.read).toHaveLength(4);
  const second = await look();
  expect(second.read).toEqual([]);
  expect([...second.view.statuses]).toEqual([...first.view.statuses]);

  await land({ deps: (await openRunner(place)).deps }, second.view, (view) => ({
    files: [...view.statuses.values()]
      .filter(({ name }) => name === 's2')
      .map((status) => statusFile({ ...status, owner: 'somebody-else' })),
    message: 'change\n',
  }));
  const third = await look();
  expect(third.read).toEqual(['issued/s2/status.json']);
  expect(third.view.statuses.get('s2')?.owner).toBe('somebody-else');

  // A file whose content a person put in another one's place is read as what it says.
  const files = await place.store.files('refs/heads/certwright/state');
  const copied = files['issued/s1/status.json'] ?? '';
  await place.store.push('certwright/state', { 'issued/s3/status.json': copied });
  expect([...(await look()).view.statuses]).toEqual([...third.view.statuses]);
});
