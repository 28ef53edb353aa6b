import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../support/git.js';
import { EXAMPLE, orderOf, post } from '../support/sandbox/sectigo.js';
import { exported, serving } from './serving.js';
import { LONG_MS } from './stage.js';

describe('certwright sandbox', () => {
  it(
    'starts, sells, is stopped by Ctrl-C, and goes on where it stood',
    async () => {
      const folder = await tempFolder();
      const args = ['sandbox', 'sectigo', '--state', 'account.json', '--set', 'autoApprove=true'];
      const first = await serving(folder, [...args, '--fault', 'garbage@getAccountBalance']);
      const variables = exported(first.printed);
      const login = {
        loginName: variables.SECTIGO_LOGIN ?? '',
        loginPassword: variables.SECTIGO_PASSWORD ?? '',
      };
      const call = (url: string, operation: string, params: Readonly<Record<string, string>> = {}) =>
        post(`${url}/products/${operation}`, new URLSearchParams({ ...login, ...params }).toString());
      expect(first.printed).toContain(`url: ${first.url}`);
      expect(first.printed).toContain('environment: rehearsal');
      expect(first.printed).toMatch(/loginPassword: "\$\{SECTIGO_PASSWORD\}"/);
      expect((await call(first.url, '!getAccountBalance')).type).toBe('text/html');
      expect((await call(first.url, '!AutoApplyOrder', orderOf(EXAMPLE))).body).toBe(
        '0\n912345678\n9.99\n1\n',
      );
      const control = { authorization: `Bearer ${variables.SANDBOX_TOKEN}` };
      const { body } = await request(`${variables.SANDBOX}/purchases`, { headers: control });
      expect(await body.json()).toMatchObject([{ order: '912345678', amount: '9.99' }]);
      first.process.child.kill('SIGINT');
      const ended = await first.process.ended;
      expect([ended.code, ended.err]).toEqual([130, '']);

      const second = await serving(folder, args);
      expect(exported(second.printed)).toMatchObject({ ...variables, SANDBOX: `${second.url}/_sandbox` });
      const looked = await call(second.url, 'download/CollectSSL', {
        orderNumber: '912345678',
        queryType: '0',
      });
      expect(looked.body).toBe('0\n');
      second.process.child.kill('SIGTERM');
      expect((await second.process.ended).code).toBe(130);
      expect(await readFile(join(folder, 'account.json'), 'utf8')).toContain('"912345678"');
    },
    LONG_MS,
  );
});
