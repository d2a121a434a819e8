import { short } from '../../bin/bench/axis.js'

export interface Point {
  readonly x: number
  readonly y: number
}

/** Something that grows, times a constant that is to be found. */
export interface Term {
  /** As it stands in a formula: `n²`; nothing for the constant alone. */
  readonly text: string
  of(x: number): number
}

/** What the model says at a point that it was not fitted to. */
export interface Check extends Point {
  readonly modelled: number
  /** As a share of what was measured. */
  readonly error: number
}

export interface Model {
  readonly what: string
  readonly formula: string
  readonly constants: readonly number[]
  readonly fittedAt: readonly number[]
  readonly checks: readonly Check[]
  at(x: number): number
}

/** Solves a few linear equations, by elimination with the largest pivot; nothing if they are not independent. */
const solve = (rows: readonly (readonly number[])[]): readonly number[] | undefined => {
  const left = rows.map((row) => [...row])
  const size = left.length
  for (let k = 0; k < size; k++) {
    const best = left.slice(k).reduce((a, b) => (Math.abs(b[k] ?? 0) > Math.abs(a[k] ?? 0) ? b : a))
    const pivot = best[k] ?? 0
    if (Math.abs(pivot) < 1e-12) return undefined
    left.splice(left.indexOf(best), 1)
    left.splice(k, 0, best)
    for (const row of left) {
      const factor = row === best ? 0 : (row[k] ?? 0) / pivot
      for (let i = k; factor !== 0 && i <= size; i++) row[i] = (row[i] ?? 0) - factor * (best[i] ?? 0)
    }
  }
  return left.map((row, k) => (row[size] ?? 0) / (row[k] ?? 1))
}

/** Least squares of the relative error, so that small sizes count as much as large ones. */
const squares = (terms: readonly Term[], points: readonly Point[]): readonly number[] | undefined => {
  const lines = points.map(({ x, y }) => [...terms.map(({ of }) => of(x) / (y || 1)), y === 0 ? 0 : 1])
  // Terms of very different size are brought to the same one, or they would look dependent.
  const sizes = terms.map((_, i) => Math.hypot(...lines.map((line) => line[i] ?? 0)) || 1)
  const scaled = lines.map((line) => line.map((value, i) => value / (sizes[i] ?? 1)))
  const rows = terms.map((_, i) =>
    Array.from({ length: terms.length + 1 }, (_, k) =>
      scaled.reduce((sum, line) => sum + (line[i] ?? 0) * (line[k] ?? 0), 0),
    ),
  )
  return solve(rows)?.map((value, i) => value / (sizes[i] ?? 1))
}

/** Nothing costs less than nothing: the term that would is left out, and the rest is fitted again. */
const constantsOf = (terms: readonly Term[], points: readonly Point[]): readonly number[] | undefined => {
  const found = squares(terms, points)
  const least = found ? Math.min(...found) : 0
  if (!found || least >= 0) return found
  const out = found.indexOf(least)
  const rest = terms.filter((_, i) => i !== out)
  return rest.length === 0 ? undefined : constantsOf(rest, points)?.toSpliced(out, 0, 0)
}

const formulaOf = (terms: readonly Term[], constants: readonly number[]): string =>
  terms
    .flatMap(({ text }, i) => {
      const constant = constants[i] ?? 0
      return constant === 0 ? [] : [text === '' ? short(constant) : `${short(constant)}·${text}`]
    })
    .join(' + ') || '0'

export interface Wish {
  readonly what: string
  readonly terms: readonly Term[]
  readonly points: readonly Point[]
  /** Which points are kept for the check. */
  heldOut(x: number): boolean
}

/** Undefined where too little was measured: fewer points than constants, or none to check it by. */
export const fit = ({ what, terms, points, heldOut }: Wish): Model | undefined => {
  const used = points.filter(({ x }) => !heldOut(x))
  const kept = points.filter(({ x }) => heldOut(x))
  const constants = used.length < terms.length || kept.length === 0 ? undefined : constantsOf(terms, used)
  if (!constants) return undefined
  const at = (x: number): number => terms.reduce((sum, { of }, i) => sum + (constants[i] ?? 0) * of(x), 0)
  return {
    what,
    formula: formulaOf(terms, constants),
    constants,
    fittedAt: used.map(({ x }) => x),
    checks: kept.map(({ x, y }) => ({ x, y, modelled: at(x), error: at(x) / y - 1 })),
    at,
  }
}

/** The check that is farthest from what it was fitted to. */
export const farthest = ({ checks }: Model): Check | undefined => checks.toSorted((a, b) => a.x - b.x).at(-1)
