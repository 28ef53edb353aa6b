/** @peculiar/x509 needs the metadata polyfill before it, and both cost start-up time: loaded where used. */
export async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
