import { describe, expect, it } from 'vitest';
import { loadApprovals } from '../../src/config/load.js';
import { requestApprovals } from '../../src/entry/forge/approval-pulls.js';
import { DAY_MS } from '../../src/model/time.js';
import { subjectDigest } from '../../src/policy/approvals.js';
import { applyOnce, manifest, openPlace, openRunner, runUntilQuiet } from '../support/engine.js';
import { filesOf } from '../support/git.js';
import { forgeOf } from '../support/github/forge.js';
import { fakeGitHub } from '../support/github/server.js';

const PATH = 'approvals/shop-renew.yaml';

describe('a paid renewal by pull request', () => {
  it.each(['merge', 'squash', 'rebase'] as const)(
    'is bought once after a %s, and never again',
    async (method) => {
      const place = await openPlace({
        kind: 'unique',
        git: true,
        policy: 'order: merge, renew: pull-request, free: auto, revoke: auto',
        manifests: { shop: manifest('shop', 'autoRenew: true\n') },
      });
      const path = place.store.path ?? '';
      const github = await fakeGitHub({ remote: { path, url: path }, nowMs: () => place.clock.now() });
      const forge = forgeOf(github);
      const runner = await openRunner(place);
      const run = async () => {
        const { applied } = await applyOnce(place, runner);
        if (!applied) throw new Error('the run failed');
        const { clock, random } = runner.deps;
        return { applied, told: await requestApprovals({ forge, clock, random }, applied) };
      };
      await runUntilQuiet(place, runner);
      expect(await place.purchases()).toBe(1);
      await place.advance(358 * DAY_MS);

      const { applied, told } = await run();
      expect(applied.plan.items.find(({ action }) => action === 'renew')?.hold?.code).toBe(
        'approval-missing',
      );
      expect(told).toMatchObject({ opened: [{ number: 1 }], problems: [] });
      expect(await place.purchases()).toBe(1);
      await run();
      expect(github.topics).toHaveLength(1);

      await github.merge(1, method);
      await runUntilQuiet(place, runner);
      expect(await place.purchases()).toBe(2);
      const status = await place.status('shop');
      const [first, second] = status.orders;
      expect(second?.predecessor).toBe(first?.id);
      expect(second?.charges[0]?.charged).toEqual(second?.charges[0]?.quoted);

      // The file lies there, is used up, and may be restored and reformatted as often as people like.
      const text = (await filesOf({ path }, 'main'))[PATH] ?? '';
      const [subject] = loadApprovals([{ path: PATH, text }]).approvals[0]?.subjects ?? [];
      expect(status.consumedApprovals).toEqual([subject && subjectDigest(subject)]);
      await place.merge({ [PATH]: null });
      await place.merge({ 'approvals/again.yaml': `# once more\n${text.replace('10.00 USD', '"10 USD"')}` });
      await run();
      await place.advance(DAY_MS);
      await run();
      expect(await place.purchases()).toBe(2);
      expect(github.topics).toHaveLength(1);
      expect(Object.keys((await place.store.refs()) ?? {}).filter((ref) => ref.includes('approval'))).toEqual(
        [],
      );
    },
  );
});
