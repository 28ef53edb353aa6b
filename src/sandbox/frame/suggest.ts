import { distance } from 'fastest-levenshtein';

/** ` (did you mean "x"?)` where something known is near enough, else nothing. */
export function suggestion(text: string, known: readonly string[]): string {
  const [best] = known
    .map((word) => ({ word, far: distance(text.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const near = best !== undefined && best.far <= Math.max(2, Math.floor(best.word.length / 3));
  return near ? ` (did you mean "${best.word}"?)` : '';
}
