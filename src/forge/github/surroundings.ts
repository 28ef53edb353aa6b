import type { Events, People, Role, WorkflowFacts, Workflows } from '../../ports/forge.js';
import { type Line, orMissing } from './call.js';

const ROLES: readonly Role[] = ['none', 'read', 'triage', 'write', 'maintain', 'admin'];

/** https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user */
export const people = ({ call, at }: Line): People => ({
  async role(login) {
    const found = await orMissing(
      call(
        'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
        { ...at, username: login },
        { to: 'see what people may do here', needs: 'metadata: read' },
      ),
    );
    if (!found) return 'none';
    const { role_name, permission } = found.data;
    // An organisation's own roles have other names; what they are based on stands in `permission`.
    return ROLES.find((role) => role === role_name) ?? ROLES.find((role) => role === permission) ?? 'none';
  },
});

export const events = ({ call, at }: Line): Events => ({
  async dispatch(type, payload) {
    await call(
      'POST /repos/{owner}/{repo}/dispatches',
      { ...at, event_type: type, client_payload: { ...payload } },
      { to: 'start other workflows (repository_dispatch)', needs: 'contents: write' },
    );
  },
});

const STATES: Readonly<Record<string, WorkflowFacts['state']>> = {
  active: 'active',
  disabled_inactivity: 'stopped-by-inactivity',
  disabled_manually: 'stopped',
  disabled_fork: 'stopped',
};

/** https://docs.github.com/en/rest/actions/workflows */
export const workflows = ({ call, at }: Line): Workflows => ({
  async get(file) {
    const about = { to: 'read the workflow', needs: 'actions: read' };
    const found = await orMissing(
      call('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}', { ...at, workflow_id: file }, about),
    );
    if (!found) return undefined;
    const { data: runs } = await call(
      'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
      { ...at, workflow_id: file, event: 'schedule', per_page: 1 },
      about,
    );
    const [newest] = runs.workflow_runs;
    return {
      path: found.data.path,
      state: STATES[found.data.state] ?? 'other',
      ...(newest === undefined ? {} : { lastScheduledAt: newest.created_at }),
    };
  },
  async keepAlive(file) {
    const about = { to: 'keep the schedule alive', needs: 'actions: write', repeats: true } as const;
    const { data } = await call(
      'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}',
      { ...at, workflow_id: file },
      about,
    );
    if (data.state !== 'active' && data.state !== 'disabled_inactivity') return;
    await call(
      'PUT /repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable',
      { ...at, workflow_id: file },
      about,
    );
  },
});
