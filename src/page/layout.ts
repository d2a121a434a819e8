export interface Spot {
  readonly x: number
  readonly y: number
}

/** Of names and notes below a node, and of the ring around it. */
const below = 42
const above = 20

/** Spreads numbers over a span; all the same ones are put in the middle. */
const spread = (values: readonly number[], from: number, to: number): readonly number[] => {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (most - least < 0.01) return values.map(() => (from + to) / 2)
  return values.map((value) => Math.round(from + ((value - least) / (most - least)) * (to - from)))
}

/** Where so many nodes stand in a picture of this size, and how large they are: on a ring that fills it, the first at the top. */
export const layout = (count: number, width: number, height: number): { spots: readonly Spot[]; radius: number } => {
  const isNarrow = width < 480
  const radius = count <= 8 ? (isNarrow ? 17 : 22) : count <= 16 ? 13 : 7
  // Two stand side by side.
  const turn = count === 2 ? Math.PI : -Math.PI / 2
  const angles = Array.from({ length: count }, (_, i) => turn + (2 * Math.PI * i) / count)
  const side = isNarrow ? 52 : Math.max(90, width * 0.13)
  const xs = spread(angles.map(Math.cos), side, width - side)
  const ys = spread(angles.map(Math.sin), radius + above, height - radius - below)
  return { spots: angles.map((_, i) => ({ x: xs[i] ?? 0, y: ys[i] ?? 0 })), radius }
}

/** The ends of a line between two nodes, outside of both. */
export const between = (a: Spot, b: Spot, radius: number): readonly [Spot, Spot] => {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1
  const [dx, dy] = [((b.x - a.x) / length) * radius, ((b.y - a.y) / length) * radius]
  const at = (x: number, y: number): Spot => ({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 })
  return [at(a.x + dx, a.y + dy), at(b.x - dx, b.y - dy)]
}
