/** Which chain is the night: the one of that name is what a person waits for; a schedule without it has its first chain in its place. */
export const nightOf = <Chain extends { id: string }>(chains: readonly Chain[]): Chain | undefined =>
  chains.find(({ id }) => id === 'night') ?? chains[0]
