/** Chance that repeats: every draw is a pure function of a seed and a few words, so the order of questions never matters. */

/** Final mixing of a 32-bit state (the avalanche step of MurmurHash3, which is in the public domain). */
function mix(state: number): number {
  let h = state
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A 32-bit seed out of a seed and words. The same words in another order give another seed. */
export function seedOf(seed: number, ...words: (string | number)[]): number {
  let h = mix(seed | 0)
  for (const word of words) {
    if (typeof word === 'number') {
      h = mix(h ^ mix(word | 0) ^ 0x9e3779b9)
      continue
    }
    for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), 0x01000193)
    h = mix(h ^ word.length)
  }
  return h >>> 0
}

/** The n-th draw of a seed, uniform in [0, 1). */
export const draw = (seed: number, n: number): number => mix(seed ^ mix((n | 0) + 0x9e3779b9)) / 4_294_967_296

/** 32 hexadecimal digits, the shape of the vendors' request ids. */
export const hexOf = (seed: number): string =>
  [1, 2, 3, 4]
    .map((n) =>
      mix(seed ^ mix(n))
        .toString(16)
        .padStart(8, '0'),
    )
    .join('')
