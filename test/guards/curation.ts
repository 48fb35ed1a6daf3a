/** Guards of reading Parquet files, of curation and of what is checked while files are read. */
import type { Guard } from './guard.ts'

export const CURATION_GUARDS: Guard[] = [
  {
    name: 'a path with glob characters is not a pattern',
    file: 'functions/_lake/parquet-sql.ts',
    find: `'[$&]'`,
    replace: `'$&'`,
    test: 'test/functions/odd-roots.test.ts',
  },
  {
    name: 'a folder key=value above the root is not a column',
    file: 'functions/_lake/parquet-sql.ts',
    find: `    'hive_partitioning = false',\n`,
    replace: '',
    test: 'test/functions/odd-roots.test.ts',
  },
  {
    name: 'the day of a raw file is that of its own folder, not of one above the root',
    file: 'functions/qc-partition/raw-duplicates.ts',
    find: `'/date=(\\\\d{4}-\\\\d{2}-\\\\d{2})/(?:[^/]+/)?data[.]parquet$'`,
    replace: `'date=(\\\\d{4}-\\\\d{2}-\\\\d{2})'`,
    test: 'test/functions/odd-roots.test.ts',
  },
  {
    name: 'a file that nobody accepted is not opened',
    file: 'functions/curate-partition/accepted.ts',
    find: 'files: files.filter((file) => chosen.has(file)),',
    replace: 'files: [...files],',
    test: 'test/curate-partition/curate.test.ts',
  },
  {
    name: 'a version in a shared file that nobody accepted does not win',
    file: 'functions/curate-partition/versions.ts',
    find: ' SEMI JOIN $' + '{t.accepted} USING (vendor, symbol, dt)',
    replace: '',
    test: 'test/curate-partition/curate.test.ts',
  },
  {
    name: 'a flag that says adjusted is believed',
    file: 'functions/_lake/spelling.ts',
    find: "adjustmentSql(textOf('adjustment'), byName.get('adjusted'))",
    replace: "adjustmentSql(textOf('adjustment'), undefined)",
    test: 'test/functions/unaccepted.test.ts',
  },
]
