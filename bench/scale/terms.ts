import type { Term } from './fit.js'

/** What the models are made of; `n` is the number of nodes. */
export const one: Term = { text: '', of: () => 1 }
export const perNode: Term = { text: 'n', of: (n) => n }
export const squared: Term = { text: 'n²', of: (n) => n * n }
export const cubed: Term = { text: 'n³', of: (n) => n ** 3 }
export const perOther: Term = { text: '(n−1)', of: (n) => n - 1 }
/** Each tells each other one; a row or a list of members has a place for each; a list of what each hears has n². */
export const perPair: Term = { text: 'n(n−1)', of: (n) => n * (n - 1) }
export const perPairAndMember: Term = { text: 'n²(n−1)', of: (n) => n * n * (n - 1) }
export const perPairAndPair: Term = { text: 'n³(n−1)', of: (n) => n ** 3 * (n - 1) }
export const perMiB: Term = { text: 'MiB', of: (mib) => mib }
