/** A guard of the product code, and the test that fails without it. */
export interface Guard {
  /** What the guard prevents, as a sentence. */
  name: string
  /** The product file, relative to the repository. */
  file: string
  /** Text that stands exactly once in the file. */
  find: string
  /** What stands there instead once the guard is removed. */
  replace: string
  /** The test file that must fail then. */
  test: string
}
