// Keeps one note on the merge request: written once, edited in place, left out where there is nothing to say.
// https://docs.gitlab.com/api/notes/#merge-requests
import { readFileSync } from 'node:fs';

const MARKER = '<!-- certwright:plan -->';
const { CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, CERTWRIGHT_COMMENT_TOKEN } = process.env;
const notes = `${CI_API_V4_URL}/projects/${CI_PROJECT_ID}/merge_requests/${CI_MERGE_REQUEST_IID}/notes`;

async function call(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', 'private-token': CERTWRIGHT_COMMENT_TOKEN ?? '' },
    ...(body === undefined ? {} : { body: JSON.stringify({ body }) }),
  });
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: GitLab answered ${response.status}`);
  return { data: await response.json(), next: response.headers.get('x-next-page') };
}

/** Somebody else's note with the marker is none of ours, and could not be edited. */
async function findNote(userId) {
  for (let page = '1'; page; ) {
    const { data, next } = await call(
      'GET',
      `${notes}?sort=asc&order_by=created_at&per_page=100&page=${page}`,
    );
    const found = data.find(({ author, body }) => author.id === userId && body.startsWith(MARKER));
    if (found) return found;
    page = next;
  }
  return undefined;
}

const plan = readFileSync(process.argv[2], 'utf8').trim();
const text = `${MARKER}\n${plan === '' ? 'This merge request changes nothing that certwright would act on.' : plan}`;
const { data: user } = await call('GET', `${CI_API_V4_URL}/user`);
const note = await findNote(user.id);
if (note === undefined && plan !== '') await call('POST', notes, text);
if (note !== undefined && note.body.trim() !== text) await call('PUT', `${notes}/${note.id}`, text);
