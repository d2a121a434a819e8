/** One byte a character (latin1), so `length` counts bytes. */
export type Body = string | Rope

/** Up to so many bytes in one string: node copies and sends it where it stands, which is cheaper than bytes of its own. */
export const stringMax = 16 * 1024
/** A longer text stands for itself in a rope; shorter ones are put together to about so much. */
const longText = 2048
const knotBytes = 8192

/** What is written at once is put together on one of these, the smallest that it fits on: most pages of a stream, most answers. */
const sheetSizes = [80 * 1024, 320 * 1024] as const
const sheets: (Buffer | undefined)[] = []

const sheetFor = (size: number): Buffer => {
  const index = sheetSizes.findIndex((most) => size <= most)
  if (index < 0) return Buffer.allocUnsafeSlow(size)
  const sheet = sheets[index] ?? Buffer.allocUnsafeSlow(sheetSizes[index] ?? size)
  sheets[index] = sheet
  return sheet
}

/**
 * A long body, as the texts that it consists of. It is put together where it is written, on a sheet that all of them
 * share: of megabytes that those who catch up are sent, nothing is left for the collector.
 */
export class Rope {
  readonly length: number
  readonly parts: readonly string[]
  #whole: Buffer | undefined
  #isLent = false

  constructor(parts: readonly string[]) {
    this.parts = parts
    let length = 0
    for (const part of parts) length += part.length
    this.length = length
  }

  /** Its bytes, which are good until another rope is asked for its own; see `keepSheet`. */
  lend(): Buffer {
    // Who asks again has many readers.
    if (this.#isLent) return this.whole()
    this.#isLent = true
    return this.#fill(sheetFor(this.length))
  }

  /** Its bytes, for good. */
  whole(): Buffer {
    this.#whole ??= this.#fill(Buffer.allocUnsafeSlow(this.length))
    return this.#whole
  }

  toString(): string {
    return this.parts.join('')
  }

  #fill(sheet: Buffer): Buffer {
    let at = 0
    for (const part of this.parts) at += sheet.write(part, at, 'latin1')
    return sheet.subarray(0, at)
  }
}

/** The system reads on from these bytes: if they are on a sheet, nothing else is put on it any more. */
export const keepSheet = ({ buffer }: Buffer): void => {
  const index = sheets.findIndex((sheet) => sheet?.buffer === buffer)
  if (index >= 0) sheets[index] = undefined
}

/** Puts a body together, text by text. */
export class Strand {
  #text = ''
  #parts: string[] | undefined

  add(text: string): void {
    if (text.length >= longText) {
      this.#knot(text)
      return
    }
    this.#text += text
    if (this.#text.length >= knotBytes) this.#knot()
  }

  end(): Body {
    if (!this.#parts) return this.#text
    const rope = new Rope([...this.#parts, this.#text])
    return rope.length <= stringMax ? rope.toString() : rope
  }

  #knot(long?: string): void {
    this.#parts ??= []
    if (this.#text !== '') this.#parts.push(this.#text)
    if (long !== undefined) this.#parts.push(long)
    this.#text = ''
  }
}

/** A body with something before and after it. */
export const framed = (before: string, body: Body, after = ''): Body =>
  typeof body === 'string' ? before + body + after : new Rope([before, ...body.parts, after])

/** For where no rope is known. */
export const plain = (body: string | Buffer | Rope): string | Buffer => (body instanceof Rope ? body.whole() : body)
