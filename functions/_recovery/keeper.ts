/** What it takes to bring memory and files to agree: both of them, and the clock. */
import type { Desk } from '../_dispatch/desk.ts'

export type Keeper = Pick<Desk, 'config' | 'db' | 'lake' | 'now' | 'log'>
