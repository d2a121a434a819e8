import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(import.meta.url)

/** The command line, as source or as built, like what is running now; whatever program that is. */
export const command = fileURLToPath(new URL(`../carillon${extname(here)}`, import.meta.url))
