/** Where the pages of the node begin, seen from one of them: relative, so that it holds behind whatever the node is served under. */

/** `./` from `/` and `/queue`, `../` from `/coverage/x`. */
export const rootFrom = (path: string): string => '../'.repeat(Math.max(0, path.split('/').length - 2)) || './'
