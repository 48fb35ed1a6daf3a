/** Damages of bundles and of the link to the latest one. */
import { appendFileSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { BUNDLE, type Damage, flipByte, middle, ownInode, rewrite, YEAR } from './damage.ts'

export const BUNDLE_DAMAGES: Damage[] = [
  {
    what: 'a bundle lacks its sums',
    inject: (root) => unlinkSync(join(root, BUNDLE, 'SHA256SUMS')),
    mode: 'fast',
    kind: 'bundle-without-proof',
    code: 2,
  },
  {
    what: 'the newest bundle is gone and the link stays',
    inject: (root) => rmSync(join(root, BUNDLE), { recursive: true }),
    mode: 'fast',
    kind: 'latest-dangling',
    code: 2,
  },
  {
    what: 'the link is gone',
    inject: (root) => unlinkSync(join(root, 'exports/latest')),
    mode: 'fast',
    kind: 'latest-missing',
    code: 1,
  },
  {
    what: 'the link points at an older bundle',
    inject: async (root) => {
      await cp(join(root, BUNDLE), join(root, 'exports/nightly/2025-07-07'), { recursive: true })
      unlinkSync(join(root, 'exports/latest'))
      symlinkSync('nightly/2025-07-07', join(root, 'exports/latest'))
    },
    mode: 'fast',
    kind: 'latest-older',
    code: 0,
  },
  {
    what: 'the manifest of a bundle is no JSON',
    inject: (root) => rewrite(join(root, BUNDLE, 'MANIFEST.json'), () => '{'),
    mode: 'exact',
    kind: 'bundle-manifest-unreadable',
    code: 2,
  },
  {
    what: 'a bundle lacks a file',
    inject: (root) => unlinkSync(join(root, BUNDLE, 'curated', YEAR)),
    mode: 'exact',
    kind: 'bundle-file-missing',
    code: 2,
  },
  {
    what: 'a bundle holds a file that is not listed',
    inject: (root) => writeFileSync(join(root, BUNDLE, 'more.txt'), 'x'),
    mode: 'exact',
    kind: 'bundle-file-unlisted',
    code: 2,
  },
  {
    what: 'a file of a bundle has grown',
    inject: (root) => appendFileSync(ownInode(root, `${BUNDLE}/README.md`), 'x'),
    mode: 'exact',
    kind: 'bundle-file-size',
    code: 2,
  },
  {
    what: 'the sums of a bundle are not those of its manifest',
    inject: (root) => rewrite(join(root, BUNDLE, 'SHA256SUMS'), (text) => text.split('\n').slice(1).join('\n')),
    mode: 'exact',
    kind: 'bundle-sums-differ',
    code: 2,
  },
  {
    what: 'a file of a bundle cannot be read',
    inject: (root) => writeFileSync(ownInode(root, `${BUNDLE}/curated/${YEAR}`), 'no Parquet'),
    mode: 'exact',
    kind: 'bundle-file-unreadable',
    code: 2,
  },
  {
    what: 'a bundle says that it is not complete',
    inject: (root) =>
      rewrite(join(root, BUNDLE, 'MANIFEST.json'), (text) =>
        text
          .replace('{', '{"complete":false,')
          .replace(',"complete":true', '')
          .replace(/"complete": true,/, ''),
      ),
    mode: 'exact',
    kind: 'bundle-incomplete',
    code: 1,
  },
  {
    what: 'a bundle leaves out cells that its ledger vouches for, and does not say so',
    inject: (root) => {
      rmSync(join(root, BUNDLE, 'curated/equities_bars'), { recursive: true })
      rewrite(join(root, BUNDLE, 'MANIFEST.json'), (text) => {
        const manifest = JSON.parse(text) as { files: { dataset?: string }[] }
        return JSON.stringify({
          ...manifest,
          files: manifest.files.filter(({ dataset }) => dataset !== 'equities_bars'),
        })
      })
    },
    mode: 'exact',
    kind: 'bundle-cell-missing',
    code: 2,
  },
  {
    what: 'a bundle holds rows of a cell that its ledger does not know',
    inject: (root) => rewriteLedger(root),
    mode: 'exact',
    kind: 'bundle-red-cell',
    code: 2,
  },
  {
    what: 'one bit of a file of a bundle is flipped',
    inject: (root) => flipByte(join(root, BUNDLE, 'curated', YEAR), middle),
    mode: 'deep',
    kind: 'bundle-bytes-differ',
    code: 2,
  },
]

/** The bundle's ledger becomes the part of the yields alone. */
async function rewriteLedger(root: string): Promise<void> {
  const ledger = ownInode(root, `${BUNDLE}/qc/partition_status.parquet`)
  writeFileSync(ledger, readFileSync(join(root, 'data_layer/qc/ledger/macro_treasury/2025.parquet')))
}
