/** A table that scrolls by itself on a narrow screen, by keyboard too. */
import type { Child } from 'hono/jsx'

export function Scroll({ label, children }: { label: string; children: Child }) {
  return (
    <section class="scroll" tabindex={0} aria-label={label}>
      <table>{children}</table>
    </section>
  )
}
