import type { BackboneParts } from '../../src/backbone.js'
import type { Answer, Effect, Input, Now, Outcome } from '../../src/effect.js'
import { Engine } from '../../src/engine.js'
import { readKeys } from '../../src/keys.js'
import type { CoreOptions } from '../../src/limits.js'
import type { Draft } from '../../src/log/record.js'
import { allRules, type Rules } from '../../src/log/rules.js'
import { Node } from '../../src/node.js'
import { type Options, resolveOptions } from '../../src/options.js'
import { Mesh } from '../../src/peer/mesh.js'
import { clock, random } from '../../src/system.js'

/** One in so many is done wrong; and of what only few notice, one in fewer. */
const every = 15
const often = 4

/** Who was not given the last messages would wait for them until he gives up. */
const isLast = ({ tail }: Pick<Draft, 'tail'>): boolean => tail.toString().includes('"last of')

/** An engine that does one thing wrong now and then, as a bug would have it. */
abstract class Faulty extends Engine {
  #count = 0

  override step(input: Input, now: Now): readonly Effect[] {
    return super.step(input, now).map((effect) => this.spoil(effect))
  }

  /** It is time for another one. */
  protected isDue(each = every): boolean {
    return ++this.#count % each === 0
  }

  protected spoil(effect: Effect): Effect {
    if ((effect.type !== 'answer' && effect.type !== 'tell') || effect.answer.messages.length === 0) return effect
    return { ...effect, answer: this.answer(effect.answer) }
  }

  protected answer(answer: Answer): Answer {
    return answer
  }
}

/** Leaves a message out of an answer, without a word. */
class Skipping extends Faulty {
  protected override answer(answer: Answer): Answer {
    return answer.messages.some(isLast) || !this.isDue() ? answer : { ...answer, messages: answer.messages.slice(1) }
  }
}

/** Gives a message twice. */
class Doubling extends Faulty {
  protected override answer(answer: Answer): Answer {
    return this.isDue() ? { ...answer, messages: [...answer.messages.slice(0, 1), ...answer.messages] } : answer
  }
}

/** Gives two messages in the wrong order; these are more rarely in one answer. */
class Swapping extends Faulty {
  protected override answer(answer: Answer): Answer {
    const [first, second, ...rest] = answer.messages
    return first && second ? { ...answer, messages: [second, first, ...rest] } : answer
  }
}

/** Passes on other bytes than it was given. */
class Altering extends Faulty {
  protected override answer(answer: Answer): Answer {
    const [first, ...rest] = answer.messages
    return first && this.isDue()
      ? { ...answer, messages: [{ ...first, tail: first.tail.replace('"pad"', '"pat"') }, ...rest] }
      : answer
  }
}

const spoilOutcome = (effect: Effect, spoil: (outcome: Outcome) => Outcome): Effect =>
  effect.type === 'published' && effect.outcome.ok ? { ...effect, outcome: spoil(effect.outcome) } : effect

/** Takes a message and says that it has not. */
class Denying extends Faulty {
  protected override spoil(effect: Effect): Effect {
    const refusal = { ok: false, code: 'overloaded', reason: 'planted', unknown: false } as const
    return spoilOutcome(effect, (outcome) => (this.isDue(often) ? refusal : outcome))
  }
}

/** Says that it has taken a message, and has not. */
class Swallowing extends Faulty {
  override step(input: Input, now: Now): readonly Effect[] {
    if (input.type !== 'publish' || input.drafts.some(isLast) || !this.isDue()) return super.step(input, now)
    const ids = input.drafts.map((_, i) => `swallowed-${now.ms}-${i}`)
    const outcome = { ok: true, ids, copies: 1, duplicates: ids.map(() => false) } as const
    return [{ type: 'published', publisher: input.publisher, outcome }]
  }
}

/** Does not say that a key was there before. */
class Forgetting extends Faulty {
  protected override spoil(effect: Effect): Effect {
    return spoilOutcome(effect, (outcome) =>
      outcome.ok ? { ...outcome, duplicates: outcome.ids.map(() => false) } : outcome,
    )
  }
}

const faulty = {
  skipping: Skipping,
  doubling: Doubling,
  swapping: Swapping,
  altering: Altering,
  denying: Denying,
  swallowing: Swallowing,
  forgetting: Forgetting,
} as const
export type Planted = keyof typeof faulty | keyof Rules

/** A node's own way to its peers, with an engine that has this fault, or runs without this rule. */
class PlantedMesh extends Mesh {
  readonly #name: Planted

  constructor(name: Planted, parts: BackboneParts) {
    super(parts)
    this.#name = name
  }

  override engine(options: CoreOptions): Engine {
    const name = this.#name
    const parts = { options, random, now: clock.now() }
    if (name in faulty) return new faulty[name as keyof typeof faulty](parts)
    return new Engine({ ...parts, rules: { ...allRules, [name]: false } })
  }
}

/** As `createNode`, but with a fault. */
export const plantedNode = async (name: Planted, given: Partial<Options>): Promise<Node> => {
  const options = resolveOptions(given)
  const node = new Node(options, await readKeys(options), (parts) => new PlantedMesh(name, parts))
  await node.start()
  return node
}
