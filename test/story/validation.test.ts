import { spawnSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { expect, it, vi } from 'vitest';
import { tempFolder } from '../support/git.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import { LONG_MS, start, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

/** Does this process still run? One that nobody buried yet does not. */
function lives(pid: string): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

async function hook(script: string) {
  const folder = await tempFolder();
  const path = join(folder, 'hook.sh');
  const write = async (text: string) => {
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
  };
  await write(script);
  return { path, write, log: () => readFile(join(folder, 'log'), 'utf8').catch(() => '') };
}

it('a hook that hangs is ended with the command; the next run goes on, buys nothing again, and cleans up', async () => {
  const shop = await paidShop({ settings: { dcv: 'wait', pollsUntilIssued: 0 } });
  const program = await hook('echo $$ >> "$(dirname "$0")/log"; sleep 600');
  const team = await teamOf({
    providers: `solvers: { own: { type: exec, run: [${program.path}] } }\n${shop.providers}`,
    env: shop.env,
    program: PAID_COMMAND,
    files: { 'certificates/shop.yaml': PAID_MANIFEST },
  });
  const running = start(['apply', '--yes'], {
    cwd: team.clone,
    env: team.env,
    program: PAID_COMMAND,
    group: true,
  });
  await expect.poll(program.log, { timeout: LONG_MS }).toMatch(/^\d+\n$/);
  process.kill(-(running.child.pid ?? 0), 'SIGINT');
  expect((await running.ended).code).toBe(130);
  const pid = (await program.log()).trim();
  await expect.poll(() => lives(pid)).toBe(false);

  await program.write('echo "$1" >> "$(dirname "$0")/log"');
  expect(await team.certwright(['apply', '--yes', '--wait', '0s'])).toMatchObject({ code: 0 });
  await shop.control.validate({});
  expect(await team.certwright(['apply', '--yes'])).toMatchObject({ code: 0 });
  expect((await team.status('shop')).current?.names).toEqual(['shop.example.com']);
  expect((await program.log()).trim().split('\n').slice(1)).toEqual(['present', 'cleanup']);
  expect(await shop.control.purchases()).toBe(1);
});

it('a hook that fails is an exit code, and says so wherever people look', async () => {
  const shop = await paidShop({ settings: { dcv: 'wait', pollsUntilIssued: 0 } });
  const program = await hook('echo "the API is down" >&2; exit 1');
  const team = await teamOf({
    providers: `solvers: { own: { type: exec, run: [${program.path}] } }\n${shop.providers}`,
    env: shop.env,
    program: PAID_COMMAND,
    files: { 'certificates/shop.yaml': PAID_MANIFEST },
  });
  const failed = await team.certwright(['apply', '--yes', '--wait', '0s']);
  expect(failed.code).toBe(1);
  expect(failed.out.replaceAll(/\s+/g, ' ')).toContain(
    'hook.sh present ended with exit code 1: the API is down',
  );
  for (const [words, ...args] of [
    ['the API is down', 'plan'],
    ['waiting for domain validation: own failed', 'status'],
    ['the API is down', 'show', 'shop'],
  ]) {
    const shown = await team.certwright(args);
    expect(shown.said.replaceAll(/\s+/g, ' '), args.join(' ')).toContain(words);
  }
});

it('a name no solver has shows its record to copy, whole, on a terminal of 80 columns too', async () => {
  const shop = await paidShop({ settings: { dcv: 'wait', pollsUntilIssued: 0 } });
  const team = await teamOf({
    providers: shop.providers,
    env: shop.env,
    program: PAID_COMMAND,
    files: { 'certificates/shop.yaml': PAID_MANIFEST },
  });
  const applied = await team.certwright(['apply', '--yes', '--wait', '0s']);
  const [order] = await shop.control.orders();
  const [item] = order?.validation ?? [];
  const record = `${item?.owner} CNAME ${item?.value}`;
  expect(applied.out.replaceAll(/\s+/g, ' ')).toContain(`publish ${record} by hand`);
  expect((await team.certwright(['show', 'shop'])).out).toContain(`  ${record}\n`);
  expect((await team.certwright(['status', '-o', 'markdown'])).out).toContain(
    `## To be published by hand\n\n- \`shop\`:\n  \`\`\`\n  ${record}\n  \`\`\`\n`,
  );
  expect(stringWidth(record)).toBeGreaterThan(80);
});
