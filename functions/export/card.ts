/** The front matter of a bundle's README.md by which the library `datasets` of Hugging Face loads each table from the folder. */
import type { BundleFile } from './stage-vouched.ts'

const PARQUET = '.parquet'

/** One configuration a table, named like it; nothing for a bundle without tables. The format: huggingface.co/docs/hub/datasets-manual-configuration. */
export function cardText(data: readonly BundleFile[]): string {
  const files = new Map<string, string>()
  for (const { path } of data) {
    if (!path.endsWith(PARQUET)) continue
    const [folder = '', table = ''] = path.split('/')
    if (folder === 'curated') files.set(table, `curated/${table}/**/*${PARQUET}`)
    else files.set(table.slice(0, -PARQUET.length), path)
  }
  if (files.size === 0) return ''
  const tables = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
  const configs = tables.map(([name, path]) => `- config_name: ${name}\n  data_files: "${path}"\n`)
  return `---\nconfigs:\n${configs.join('')}---\n\n`
}
