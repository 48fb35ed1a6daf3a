/** The command line as a whole: which command was meant, one run of it, and what its ending prints. */
import { CommanderError, Option, Command as Parser } from 'commander'
import { type Command, type OptionValues, type Program, type Result, UsageError } from './command.ts'
import { COMMANDS } from './commands/list.ts'
import { type Completable, completionScript, SHELLS, type Shell } from './completion.ts'
import { nodeClient } from './node-client.ts'
import { HELPFUL_PROGRAMS, PROGRAMS } from './programs.ts'
import { progressBar } from './progress-bar.ts'
import { cut, type ScreenStream, screenOf, wrap } from './screen.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2

type Environment = Record<string, string | undefined>

export interface ProgramTerms {
  /** What follows `data-node`. */
  argv: readonly string[]
  /** The environment, with what `.env` adds to it; read when a command needs it. */
  environment(): Promise<Environment>
  readFile(path: string): Promise<string>
  out: ScreenStream
  err: ScreenStream
  /** Milliseconds that only grow. */
  elapsed(): number
  version(): Promise<string>
  /** Runs another program of this package with its own arguments; the ending is its own. */
  start(program: string, argv: readonly string[]): Promise<void>
  /** Commands beside those that talk to a node. */
  more?: readonly Command[]
}

/** Returns the exit code; null where a program was started that sets its own. */
export async function runProgram(terms: ProgramTerms): Promise<number | null> {
  const { argv, err } = terms
  const program = PROGRAMS.find(({ name }) => name === argv[0])
  const asksHelp = argv.includes('--help') || argv.includes('-h')
  if (program && (!asksHelp || HELPFUL_PROGRAMS.has(program.name))) {
    await terms.start(program.name, argv.slice(1))
    return null
  }
  let exitCode = 0
  const parser = parserOf(terms, (code) => {
    exitCode = code
  })
  try {
    await parser.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has printed what it has to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    const message = error instanceof Error ? error.message : String(error)
    // Who reads a pipe wants one line.
    err.write(`${err.isTTY && !message.includes('\n') ? wrap(message, screenOf(err).width()) : message}\n`)
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED
  }
}

function parserOf(terms: ProgramTerms, end: (exitCode: number) => void): Parser {
  const commands = [...COMMANDS, ...(terms.more ?? [])]
  const parser: Parser = new Parser('data-node')
    .description('A market-data node on one small machine: runs it, asks it, and brings its bundles over.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terms.out.write(text), writeErr: (text) => terms.err.write(text) })
    .configureHelp({ helpWidth: screenOf(terms.out).width(), subcommandTerm: (command) => command.name() })
    .showHelpAfterError('(data-node --help lists the commands and options)')
    .action(() => parser.help({ error: true }))
    .addHelpText('after', '\nBegin with `data-node doctor`, or with `data-node demo` in a checkout.')
  for (const program of PROGRAMS) addProgram(parser, program)
  for (const command of commands) addCommand(parser, command, terms, end)
  parser
    .command('completion <shell>')
    .description(`prints what ${SHELLS.join(' or ')} needs to complete commands and options`)
    .addHelpText('after', '\nExample:\n  source <(data-node completion bash)')
    .action((shell: string) => {
      if (!(SHELLS as readonly string[]).includes(shell))
        throw new UsageError(`expected ${SHELLS.join(' or ')}, got ${shell}`)
      terms.out.write(`${completionScript(shell as Shell, completable(parser))}\n`)
    })
  parser
    .command('version')
    .description('prints the version of this program')
    .addHelpText('after', '\nExample:\n  data-node version')
    .action(async () => void terms.out.write(`${await terms.version()}\n`))
  return parser
}

const exampleText = ({ name, example }: Pick<Command, 'name' | 'example'>): string =>
  `\nExample:\n  data-node ${name}${example === '' ? '' : ` ${example}`}`

function addProgram(parser: Parser, program: Program): void {
  parser
    .command(program.name)
    .usage(program.usage)
    .description(program.summary)
    .allowUnknownOption()
    .addHelpText('after', exampleText(program))
}

function addCommand(parser: Parser, command: Command, terms: ProgramTerms, end: (exitCode: number) => void): void {
  const added = parser
    .command(`${command.name}${command.operands === undefined ? '' : ` ${command.operands}`}`)
    .description(command.summary)
    .addHelpText('after', exampleText(command))
  for (const [flags, description] of command.options ?? []) added.option(flags, description)
  added
    .option('--json', 'print one JSON object')
    .addOption(new Option('--url <address>', 'where the node listens; else DATA_NODE_URL, else HOST and PORT'))
    .addOption(new Option('--token-file <file>', 'a file with the token; else DATA_NODE_TOKEN or DATA_NODE_READ_TOKEN'))
    .action(async () => {
      const operands = added.processedArgs.filter((one): one is string => typeof one === 'string')
      end(await runCommand(command, terms, operands, added.opts<OptionValues>()))
    })
}

async function runCommand(
  command: Command,
  terms: ProgramTerms,
  operands: readonly string[],
  options: OptionValues,
): Promise<number> {
  const screen = screenOf(terms.out)
  const env = await terms.environment()
  const bar = progressBar(
    terms.err.isTTY === true,
    terms.elapsed,
    (text) => void terms.err.write(text),
    terms.err.columns || undefined,
  )
  let hasProgress = false
  const progress = (done: number, all: number | null, label: string): void => {
    hasProgress = true
    // A sum that nobody knows has no bar and no time left.
    if (all !== null) bar.show(done, all, label)
    else if (terms.err.isTTY) terms.err.write(`\r\x1b[K${cut(label, screenOf(terms.err).width())}`)
  }
  let result: Result
  try {
    const node = nodeClient({ address: addressOf(env, options.url), token: await tokenOf(env, options, terms) })
    result = await command.run({ node, paint: screen.paint, width: screen.width(), progress }, operands, options)
  } finally {
    if (hasProgress) bar.end()
  }
  terms.out.write(options.json ? `${JSON.stringify(result.body)}\n` : `${result.lines.join('\n')}\n`)
  return result.exitCode ?? 0
}

/** The address that was given, else the one that a node of this environment listens on. */
export function addressOf(env: Environment, url: string | boolean | undefined): string {
  const given = typeof url === 'string' ? url : env.DATA_NODE_URL
  if (given) return (/^https?:\/\//.test(given) ? given : `http://${given}`).replace(/\/+$/, '')
  const host = env.HOST || '127.0.0.1'
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${env.PORT || '8080'}`
}

async function tokenOf(env: Environment, options: OptionValues, terms: ProgramTerms): Promise<string | null> {
  const { tokenFile } = options
  if (typeof tokenFile !== 'string') return env.DATA_NODE_TOKEN || env.DATA_NODE_READ_TOKEN || null
  try {
    return (await terms.readFile(tokenFile)).trim()
  } catch (error) {
    throw new UsageError(
      `${tokenFile} cannot be read (${(error as NodeJS.ErrnoException).code}): give --token-file a file with the token`,
    )
  }
}

const completable = (parser: Parser): Completable[] =>
  parser.commands.map((command) => ({
    name: command.name(),
    options: command.options.flatMap(({ long }) => (long ? [long] : [])),
  }))
