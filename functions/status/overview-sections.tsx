/** The status page section by section: each is sent again alone when it has changed. Every value in them is escaped by the template. */
import { BundlesSection } from './bundles-section.tsx'
import { ChainsSection } from './chains-section.tsx'
import { CoverageSection } from './coverage-section.tsx'
import { IncidentsSection } from './incidents-section.tsx'
import { MachineSection } from './machine-section.tsx'
import { QueueSection } from './queue-section.tsx'
import { VendorsSection } from './vendors-section.tsx'
import { VerdictSection } from './verdict-section.tsx'

/** In the order of the page. */
export const SECTIONS = {
  verdict: VerdictSection,
  chains: ChainsSection,
  queue: QueueSection,
  coverage: CoverageSection,
  bundles: BundlesSection,
  incidents: IncidentsSection,
  vendors: VendorsSection,
  machine: MachineSection,
} as const
export type SectionName = keyof typeof SECTIONS

/** Sections that take the whole width. */
export const WIDE: ReadonlySet<SectionName> = new Set(['coverage', 'vendors', 'machine'])
