import { test } from 'tap'
import type { Scenario } from './scenario.js'
import { simulate } from './simulate.js'

interface Regression {
  readonly profile: string
  readonly seed: number
  /** What was wrong, in the rules' words. */
  readonly was: string
  /** Where the seed alone would not bring it back once the dice fall differently. */
  readonly change?: Partial<Scenario>
}

/** Seeds that once failed. They name the run they were found in; a change of the simulator's dice makes other runs of them. */
const regressions: readonly Regression[] = [
  { profile: 'cuts', seed: 51, was: 'copies fetched ahead had no position, and the same key was decided differently' },
  { profile: 'cuts', seed: 1084, was: 'the same, with five nodes' },
  { profile: 'messages', seed: 1072, was: 'the same, with messages out of order' },
  { profile: 'swarm', seed: 47, was: 'a forgotten origin took newer components of a cursor with it' },
  { profile: 'retention', seed: 1037, was: 'the same, with short retention' },
  { profile: 'dense', seed: 5012, was: 'one key taken twice at the same Lamport time, on two sides of a split' },
  { profile: 'messages', seed: 24, was: 'who took over the last copies of records did not take over their time' },
  { profile: 'retention', seed: 55, was: 'copies of a forgotten origin stayed in a ring for ever' },
  { profile: 'retention', seed: 162, was: 'floors of what had been copied before were not taken over' },
  { profile: 'retention', seed: 5142, was: 'nobody was told a gap for what a forgotten origin had said' },
  { profile: 'swarm', seed: 30451, was: 'who copied from a node that held floors back was not given them' },
  {
    profile: 'clocks',
    seed: 68,
    was: 'one key decided differently by members of one view; and two views at tug of war',
  },
  {
    profile: 'swarm',
    seed: 200187,
    was: 'a cursor dropped what its reader had been told of, and the other side came back',
  },
  {
    profile: 'retention',
    seed: 200947,
    was: 'a node paused for longer than messages are kept took in what all others had forgotten',
  },
  { profile: 'swarm', seed: 58, was: 'a stream whose socket had drained was given what came before it had read on' },
  { profile: 'tiny', seed: 171, was: 'who stays was told of a gap with the first of several answers only' },
  {
    profile: 'retention',
    seed: 87,
    was: 'who stays was told without end of a gap in what a forgotten origin had said',
  },
  { profile: 'retention', seed: 165, was: 'a long text that all others had evicted would have been held for ever' },
  { profile: 'clocksback', seed: 13, was: 'a restart with the clock set back was never taken in again' },
]

for (const { profile, seed, was, change } of regressions)
  test(`${profile} ${seed}: ${was}`, { timeout: 60_000 }, (t) => {
    const verdict = simulate(change ? { profile, seed, change } : { profile, seed })
    t.equal(verdict.message, undefined)
    t.end()
  })
