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
    find: `/(?:[^/]+/)?data[.]parquet$`,
    replace: '',
    test: 'test/functions/odd-roots.test.ts',
  },
]
