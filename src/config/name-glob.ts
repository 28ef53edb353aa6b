import picomatch from 'picomatch';

/** Is it a glob that names of certificates can match? */
export const isNameGlob = (glob: string): boolean => !glob.split('/').includes('..') && closes(glob);

const closes = (glob: string): boolean =>
  glob.split('{').length === glob.split('}').length && picomatch.makeRe(glob) !== null;
