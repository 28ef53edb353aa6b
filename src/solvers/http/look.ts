import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Endpoint } from '../../model/endpoint.js';
import { CertError, messageOf } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import { SECOND_MS } from '../../model/time.js';
import type { RecordSight } from '../../ports/solver.js';
import type { FileRecord } from './proof.js';

const LOOK_LIMIT_MS = 10 * SECOND_MS;
/** More than any proof has. */
const MAX_LOOK_BYTES = 64 * 1024;

type Sight = Pick<RecordSight, 'seen' | 'why'>;

/**
 * Each file, fetched by its public name from here.
 * @param at  asked instead of the name's own address
 * @throws CertError `interrupted`
 */
export const sightsOf = (
  records: readonly SolvableRecord[],
  at: Endpoint | undefined,
  signal: AbortSignal,
): Promise<readonly RecordSight[]> =>
  Promise.all(
    records.map(
      async (record): Promise<RecordSight> =>
        record.type === 'file'
          ? { record, ...(await lookAt(record, at, signal)) }
          : { record, seen: 'cannot-tell', why: 'it is no file' },
    ),
  );

/** Fetches the file as the certificate authority will; a redirect is for it to follow. */
function lookAt(record: FileRecord, at: Endpoint | undefined, signal: AbortSignal): Promise<Sight> {
  const url = URL.parse(record.url);
  if (url === null) return Promise.resolve({ seen: 'cannot-tell', why: `${record.url} is no URL` });
  const { promise, resolve: settle, reject } = Promise.withResolvers<Sight>();
  const limit = AbortSignal.timeout(LOOK_LIMIT_MS);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const cannotTell = (error: unknown): void => {
    if (signal.aborted) reject(new CertError('interrupted', `stopped while looking at ${record.url}`));
    else if (limit.aborted) settle({ seen: 'cannot-tell', why: `${url.host} does not answer within 10 s` });
    else settle({ seen: 'cannot-tell', why: `${url.host} cannot be looked at: ${messageOf(error)}` });
  };
  const options = {
    signal: AbortSignal.any([signal, limit]),
    agent: false,
    headers: { host: url.host, accept: '*/*' },
    ...(at === undefined ? {} : { hostname: at.host, port: at.port }),
  };
  const request = send(url, options, (response) => {
    const status = response.statusCode ?? 0;
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      body += text;
      if (body.length > MAX_LOOK_BYTES) response.destroy(new Error('it is larger than any proof'));
    });
    response.on('error', cannotTell);
    response.on('end', () => {
      if (status >= 300 && status < 400)
        settle({ seen: 'cannot-tell', why: `${url.host} redirects elsewhere` });
      else if (status !== 200) settle({ seen: 'no', why: `${url.host} answers ${status}` });
      else if (body.trim() === record.content.trim()) settle({ seen: 'yes', why: `${url.host} serves it` });
      else settle({ seen: 'no', why: `${url.host} serves other content there` });
    });
  });
  request.on('error', cannotTell);
  request.end();
  return promise;
}
