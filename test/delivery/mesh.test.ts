import tap from 'tap'
import { crew, embed } from '../live/crew.js'
import { delivers } from './contract.js'

// For the file as a whole: the runner's own limit is shorter than a busy machine needs for so many clusters.
tap.setTimeout(240_000)

delivers({ alone: embed, crew, splits: true, forget: () => Promise.resolve() })
