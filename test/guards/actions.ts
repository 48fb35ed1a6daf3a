/** Guards of corporate actions: what may withdraw one, and what is in the merged table and the factors. */
import type { Guard } from './guard.ts'

export const ACTION_GUARDS: Guard[] = [
  {
    name: 'an answer that was asked for before an action was stored does not withdraw it',
    file: 'functions/_lake/statements.ts',
    find: 'isLater: provenance.fetchedAt > askedAt || ',
    replace: 'isLater: ',
    test: 'test/_lake/statements.test.ts',
  },
  {
    name: 'an answer that arrives late does not restore what was withdrawn since',
    file: 'functions/_lake/statements.ts',
    find: ` || (row.withdrawn ?? '') > asof`,
    replace: '',
    test: 'test/_lake/statements.test.ts',
  },
  {
    name: 'an answer withdraws only what its question would have brought',
    file: 'functions/_lake/statements.ts',
    find: ' && speaksFor(row)',
    replace: '',
    test: 'test/_lake/statements.test.ts',
  },
  {
    name: 'raw keeps what was withdrawn',
    file: 'functions/_lake/statements.ts',
    find: 'return [...kept, { ...answer, rows }]',
    replace: 'return [{ ...answer, rows }]',
    test: 'test/_lake/statements.test.ts',
  },
  {
    name: 'a list without any action withdraws nothing where several are known',
    file: 'functions/_dispatch/store-answer.ts',
    find: 'asking !== null && isBelievable(outcomes, versions)',
    replace: 'asking !== null',
    test: 'test/scenarios/moved-and-withdrawn-actions.test.ts',
  },
  {
    name: 'what was withdrawn is no row of the table',
    file: 'functions/_actions/standing-statements.ts',
    find: ` WHERE \${actionColumns(columns)('withdrawn')} IS NULL`,
    replace: '',
    test: 'test/_actions/merged-actions.test.ts',
  },
  {
    name: 'dividends that contradict each other are not added up',
    file: 'functions/export/adjustment-factors.ts',
    find: ' AND cash > 0 AND NOT contradicts',
    replace: ' AND cash > 0',
    test: 'test/export/adjustment-factors.test.ts',
  },
]
