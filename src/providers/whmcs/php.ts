import { serialize } from 'php-serialize';

/**
 * `base64(php_serialize({id: value}))`, as custom fields and options are sent. Keys are integers, lengths count UTF-8 bytes:
 * `{12: "hello"}` is `a:1:{i:12;s:5:"hello";}`.
 */
export const serialized = (values: ReadonlyMap<number, string | number>): string =>
  Buffer.from(serialize(new Map(values)), 'utf8').toString('base64');
