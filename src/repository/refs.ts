/** Moves together with the state branch: what the last of our pushes left. */
export const SEEN_BRANCH = 'certwright/seen';

export const branchRef = (branch: string): string => `refs/heads/${branch}`;

export const SEEN_REF = branchRef(SEEN_BRANCH);
