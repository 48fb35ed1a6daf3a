/** The status page: what each vendor may still be asked, how it answered, and what it will be asked next. */
import { count, percent } from '../_page/figures.ts'
import { Instant } from '../_page/instant.tsx'
import { Scroll } from '../_page/scrolling-table.tsx'
import type { Overview, VendorLine } from './overview.ts'

export function VendorsSection({ overview: { vendors, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Vendors</h2>
      <Scroll label="Vendors">
        <thead>
          <tr>
            <th scope="col">Vendor</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Calls today
            </th>
            {['Filled', 'Empty', 'Errors'].map((head) => (
              <th scope="col" class="number">
                {head}
              </th>
            ))}
            <th scope="col">Next</th>
          </tr>
        </thead>
        <tbody>
          {vendors.map((vendor) => (
            <tr>
              <th scope="row">
                <a href="./vendors">{vendor.vendor}</a>
              </th>
              <td>
                <VendorState vendor={vendor} now={now} />
              </td>
              <td class="number">
                {count(vendor.spentToday)}
                {vendor.perDay === null ? '' : ` of ${count(vendor.perDay)}`}
              </td>
              {[vendor.filled, vendor.empty, vendor.errors].map((cells) => (
                <td class="number">{vendor.cells === 0 ? '–' : percent(cells / vendor.cells)}</td>
              ))}
              <td>
                {vendor.next === null ? (
                  'nothing waits'
                ) : (
                  <a href={`./why/${vendor.next.dataset}/${encodeURIComponent(vendor.next.symbol)}/${vendor.next.dt}`}>
                    {`${vendor.next.dataset} ${vendor.next.symbol} ${vendor.next.dt}`}
                  </a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </Scroll>
      <p class="quiet small">Shares are of the cells asked for in the last 24 hours.</p>
    </>
  )
}

function VendorState({ vendor, now }: { vendor: VendorLine; now: number }) {
  const { obstacles, blocked, leftNow, perMinute, nextCallAt } = vendor
  if (obstacles.length > 0) return <>not asked: {obstacles.join('; ')}</>
  if (blocked !== null) {
    return (
      <>
        <b class="warn">left alone</b> until <Instant at={blocked.until} now={now} />: {blocked.why}
      </>
    )
  }
  if (leftNow > 0) return <>{`ready, ${count(leftNow)} of ${count(perMinute)} calls a minute left`}</>
  return (
    <>
      budget spent, next call <Instant at={nextCallAt} now={now} />
    </>
  )
}
