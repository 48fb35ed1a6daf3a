/** The form that takes a token once, as a page. */
import type { Context } from 'hono'
import { rootFrom } from '../_http/root-path.ts'
import { showPage } from '../_page/layout.tsx'

export interface FormTerms {
  /** The page to go on to: a path of this node. */
  next: string
  /** What was wrong with the last attempt. */
  error?: string
}

export const showForm = (c: Context, { next, error }: FormTerms, status: 200 | 401 | 403 | 429): Promise<Response> =>
  showPage(
    c,
    {
      title: 'Log in',
      children: (
        <>
          <h1>Log in to this data node</h1>
          {error !== undefined && (
            <div class="verdict bad" role="alert">
              <p>{error}</p>
            </div>
          )}
          <form class="login" method="post" action={`${rootFrom(c.req.path)}login`}>
            <label for="token">Token</label>
            <input
              id="token"
              name="token"
              type="password"
              autocomplete="current-password"
              required
              maxlength={512}
              aria-describedby="hint"
            />
            <p id="hint" class="quiet small">
              DATA_NODE_TOKEN may do everything, DATA_NODE_READ_TOKEN may read. The token is sent once and is not stored
              in the browser.
            </p>
            <input type="hidden" name="next" value={next} />
            <button type="submit">Log in</button>
          </form>
        </>
      ),
    },
    status,
  )
