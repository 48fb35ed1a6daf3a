import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readSettings } from '../../functions/_runtime/settings.ts'

const TOKEN = 'a-token-of-sixteen-characters'

const refusal = (env: Record<string, string>): string => {
  try {
    readSettings(env)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  throw new Error('expected a refusal, got settings')
}

test('settings: an empty environment gives a node on loopback with its folders below the working directory', () => {
  expect(readSettings({})).toEqual({
    dataRoot: resolve('data_layer'),
    exportRoot: resolve('exports'),
    configDir: resolve('config'),
    cronFile: resolve('cron.json'),
    universe: null,
    overrides: { depth: {} },
    nightDeadlineMs: null,
    databaseUrl: null,
    clockCheck: true,
    simulation: null,
    stateDir: null,
    dataVolumeId: null,
    acceptNewVolume: false,
    backupRoot: null,
    backupMaxAgeDays: 3,
    host: '127.0.0.1',
    port: 8080,
    token: null,
    readToken: null,
    loginNetworks: [],
    pingUrl: null,
    webhookUrl: null,
    webhookToken: null,
    logLevel: 'info',
  })
})

test('settings: an empty variable is one that was not filled in', () => {
  const names = ['DATA_ROOT', 'PORT', 'HOST', 'DATABASE_URL', 'DATA_NODE_TOKEN', 'UNIVERSE', 'LOG_LEVEL']
  expect(readSettings(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readSettings({}))
})

test('settings: a variable of nothing but spaces is refused rather than guessed at', () => {
  for (const name of ['DATA_ROOT', 'PORT', 'HOST', 'DATA_NODE_TOKEN']) expect(refusal({ [name]: '  ' })).toContain(name)
})

test('settings: variables of other programs are not looked at', () => {
  expect(readSettings({ PATH: '/bin', npm_config_port: '99999999' })).toEqual(readSettings({}))
})

test('settings: every variable that cannot be used is named at once, and no value is shown', () => {
  const env = {
    PORT: 'canary-port',
    DEPTH_EQUITIES_BARS: 'canary-deep',
    LOOK_BACK: 'canary-back',
    MAX_TASKS_PER_RUN: 'canary-many',
    SYMBOLS: 'canary-lower',
    NIGHT_DEADLINE: 'canary-long',
    DATABASE_URL: 'canary://user:password@host',
    DATA_NODE_TOKEN: 'canary-short',
    DATA_NODE_READ_TOKEN: 'canary-too',
    PING_URL: 'canary-address',
    WEBHOOK_URL: 'ftp://user:password@canary.example/topic',
    WEBHOOK_TOKEN: 'canary of two words',
    LOG_LEVEL: 'canary-loud',
  }
  const message = refusal(env)
  for (const name of Object.keys(env)) expect(message).toContain(name)
  expect(message).not.toMatch(/canary|password/)
})

test.each(['-1', '65536', '80.5', '0x', 'http'])('settings: PORT %s is refused', (port) => {
  expect(refusal({ PORT: port })).toContain('PORT')
})

test.each(['0.0.0.0', '::', '192.168.1.20', 'pi.local'])('settings: HOST %s without a token is refused', (host) => {
  expect(refusal({ HOST: host })).toMatch(/HOST .*DATA_NODE_TOKEN/)
  expect(readSettings({ HOST: host, DATA_NODE_TOKEN: TOKEN }).host).toBe(host)
})

test.each(['127.0.0.1', 'localhost', '::1'])('settings: HOST %s needs no token', (host) => {
  expect(readSettings({ HOST: host }).token).toBeNull()
})

test('settings: a read token alone is refused: nobody, not even the own schedule, could call a function', () => {
  expect(refusal({ DATA_NODE_READ_TOKEN: TOKEN })).toContain('DATA_NODE_TOKEN')
})

test('settings: a read token that equals the full one is refused: it could do everything', () => {
  expect(refusal({ DATA_NODE_TOKEN: TOKEN, DATA_NODE_READ_TOKEN: TOKEN })).toContain('DATA_NODE_READ_TOKEN')
})

test.each([
  [{ STATE_DIR: '/a', STATE_DIRECTORY: '/b', HOME: '/c' }, '/a'],
  [{ STATE_DIRECTORY: '/b:/d', XDG_STATE_HOME: '/x', HOME: '/c' }, '/b'],
  [{ XDG_STATE_HOME: '/x', HOME: '/c' }, '/x/data-node'],
  [{ HOME: '/c' }, '/c/.local/state/data-node'],
])('settings: what must outlive the data volume is kept where %j says', (env, expected) => {
  expect(readSettings(env).stateDir).toBe(expected)
})

test('settings: depths, look-back, cap, symbols and the deadline of the night may be set', () => {
  const env = {
    DEPTH_EQUITIES_BARS: '5y',
    LOOK_BACK: '60s',
    MAX_TASKS_PER_RUN: '9',
    SYMBOLS: 'AAPL',
    NIGHT_DEADLINE: '90m',
  }
  expect(readSettings(env)).toMatchObject({
    overrides: {
      depth: { equities_bars: { years: 5 } },
      lookBack: { sessions: 60 },
      maxTasksPerRun: 9,
      symbols: ['AAPL'],
    },
    nightDeadlineMs: 90 * 60_000,
  })
})

test('settings: a simulated clock is read as npm run lab prints it, and refused in words otherwise', () => {
  const text = '2024-03-09T02:00:00.000Z@2026-01-05T10:00:00.000Z*10'
  const simulation = { shown: Date.UTC(2024, 2, 9, 2), machine: Date.UTC(2026, 0, 5, 10), speed: 10 }
  expect(readSettings({ SIMULATED_CLOCK: text }).simulation).toEqual(simulation)
  for (const wrong of ['2024-03-09', `${text}0000`, text.replace('*10', '*0'), text.replace('*10', ''), 'now']) {
    expect(refusal({ SIMULATED_CLOCK: wrong })).toMatch(/SIMULATED_CLOCK: expected INSTANT@INSTANT\*SPEED/)
  }
})

test('settings: a browser may log in over plain HTTP in private networks alone', () => {
  const read = (LOGIN_NETWORKS: string) => readSettings({ LOGIN_NETWORKS }).loginNetworks
  expect(read('192.168.1.0/24, fd00::/8')).toEqual(['192.168.1.0/24', 'fd00::/8'])
  expect(read('10.0.0.0/8,100.64.0.0/10,192.168.1.7/32')).toHaveLength(3)
  for (const text of [
    '0.0.0.0/0',
    '::/0',
    '203.0.113.0/24',
    '192.168.0.0/8',
    '10.0.0.0/7',
    '192.168.1.0',
    '192.168.1.0/33',
    '192.168.1.0/24/8',
    '192.168.1.0/x',
    'lan',
    '192.168.1.0/24,',
    '192.168.1.0/24,0.0.0.0/0',
  ])
    expect(() => read(text), text).toThrow(/LOGIN_NETWORKS: expected private networks/)
})
