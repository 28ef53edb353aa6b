import { describe, expect, it } from 'vitest';
import { CertError } from '../../../../src/model/errors.js';
import { cloneOf, fileRemote, git, httpRemote, installHook, openClone } from '../../../support/git.js';
import { ageSealer, localCaAccount } from '../../../support/local-ca-account.js';
import { contextOf, leafOf, onlyStep, place, requestFor, runStep } from './journey.js';

const REF = 'refs/certwright/accounts/internal';

/** A run of its own: own clone, own connection, the same remote and the same key. */
async function runOn(remote: { readonly url: string }, sealer: Awaited<ReturnType<typeof ageSealer>>) {
  const accountStore = (await openClone(await cloneOf(remote))).accounts('internal');
  return localCaAccount({ accountStore, sealer });
}

describe('the embedded CA in a Git repository', () => {
  it('puts thirty orders at once into a few commits', async () => {
    const remote = await fileRemote();
    const { provider } = await runOn(remote, await ageSealer());
    const names = Array.from({ length: 30 }, (_, i) => [`s${i}.example.com`]);
    const placed = await Promise.all(names.map((one) => place(provider, one)));
    expect(Number(await git(remote.path, 'rev-list', '--count', REF))).toBeLessThanOrEqual(4);
    expect((await leafOf(provider, placed[29]?.orderId ?? '')).subject).toBe('CN=s29.example.com');
    const paths = (await git(remote.path, 'ls-tree', '-r', '--name-only', REF)).split('\n');
    expect(paths.filter((path) => path.startsWith('orders/'))).toHaveLength(30);
  });

  it('is one CA for two runs that start it at the same time', async () => {
    const remote = await httpRemote();
    const sealer = await ageSealer();
    const runs = await Promise.all([runOn(remote, sealer), runOn(remote, sealer)]);
    const placed = await Promise.all(runs.map(({ provider }, i) => place(provider, [`run${i}.example.com`])));
    const roots = await Promise.all(runs.map(({ provider }) => provider.trustAnchors?.()));
    expect(roots[0]).toHaveLength(1);
    expect(roots[1]).toEqual(roots[0]);
    const [first, second] = placed;
    expect((await leafOf(runs[1].provider, first?.orderId ?? '')).subject).toBe('CN=run0.example.com');
    expect((await leafOf(runs[0].provider, second?.orderId ?? '')).subject).toBe('CN=run1.example.com');
  });

  it('leaves no trace of an order whose guard said no', async () => {
    const remote = await fileRemote();
    const { provider, clock } = await runOn(remote, await ageSealer());
    const request = await requestFor(provider, ['shop.example.com']);
    const late = () => {
      throw new CertError('send.too-late', 'too late');
    };
    await expect(runStep(provider.place, request, late)).rejects.toMatchObject({ code: 'send.too-late' });
    expect(await git(remote.path, 'for-each-ref', REF)).toBe('');
    const look = await onlyStep(provider.place).lookUp({ ...contextOf(request), sentAtMs: clock.now() });
    expect(look.kind).toBe('absent');
  });

  it('says with certainty that a remote which refuses the push has taken nothing', async () => {
    const remote = await fileRemote();
    const { provider } = await runOn(remote, await ageSealer());
    await installHook(remote, 'pre-receive', 'exit 1');
    await expect(place(provider, ['shop.example.com'])).rejects.toMatchObject({
      code: 'repository.refused',
      effect: 'none',
    });
  });

  it('never says that nothing happened about a push whose reply was lost', async () => {
    const remote = await httpRemote();
    const { provider, clock } = await runOn(remote, await ageSealer());
    await place(provider, ['first.example.com']);
    const request = await requestFor(provider, ['shop.example.com']);
    remote.intercept({ match: /git-receive-pack/, with: 'drop' });
    const outcome = await runStep(provider.place, request).catch((error: unknown) => error);
    remote.intercept(undefined);
    const look = await onlyStep(provider.place).lookUp({ ...contextOf(request), sentAtMs: clock.now() });
    // The store may look for itself whether it landed; whatever it says has to agree with the books.
    if (outcome instanceof CertError) expect([outcome.effect, look.kind]).not.toEqual(['none', 'found']);
    else expect(look.kind).toBe('found');
  });
});
