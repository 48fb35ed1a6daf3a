/** Python with the libraries that read a bundle, in a folder of its own, kept between runs. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

const PACKAGES = [
  'datasets==5.2.0',
  'duckdb==2.0.1',
  'pandas==3.1.1',
  'polars==2.1.0',
  'pyarrow==26.0.1',
  'scikit-learn==1.9.1',
]
const FOLDER = resolve('node_modules/.cache/python-packages')
const DONE = `${FOLDER}/installed.txt`

/** A Python that has the libraries, or why there is none. */
export type Python = { run(script: string, folder: string): string } | { absent: string }

/** Installs the libraries where they are not there yet. */
export async function pythonWithPackages(): Promise<Python> {
  const python = ['python3', 'python'].find(isThere)
  if (python === undefined) return { absent: 'there is no python3' }
  if (!existsSync(DONE) || readFileSync(DONE, 'utf8') !== PACKAGES.join('\n')) {
    const temp = `${FOLDER}.${process.pid}`
    try {
      await promisify(execFile)(
        python,
        [
          '-m',
          'pip',
          'install',
          '--quiet',
          '--disable-pip-version-check',
          '--only-binary',
          ':all:',
          '--target',
          temp,
          ...PACKAGES,
        ],
        { timeout: 480_000 },
      )
    } catch (error) {
      await rm(temp, { recursive: true, force: true })
      return { absent: `pip cannot install ${PACKAGES.join(', ')}: ${String(error).split('\n').at(-2)?.slice(0, 300)}` }
    }
    await writeFile(`${temp}/installed.txt`, PACKAGES.join('\n'))
    await mkdir(resolve('node_modules/.cache'), { recursive: true })
    await rm(FOLDER, { recursive: true, force: true })
    await rename(temp, FOLDER)
  }
  return {
    run: (script, folder) =>
      execFileSync(python, ['-c', script], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, PYTHONPATH: FOLDER, PYTHONDONTWRITEBYTECODE: '1' },
      }),
  }
}

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['-m', 'pip', '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
