import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unmountedPoint } from '../../functions/_runtime/mounts.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mounts-'))
})
afterEach(() => rm(folder, { recursive: true }))

const ROOT = '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/mmcblk0p2 rw'
const mountOf = (point: string): string => `41 22 8:17 / ${point} rw,relatime shared:20 - ext4 /dev/sda1 rw`

async function files(fstab: string[], mountinfo: string[]) {
  const names = { fstab: join(folder, 'fstab'), mountinfo: join(folder, 'mountinfo') }
  await writeFile(names.fstab, `# made by hand\n\n${fstab.join('\n')}\n`)
  await writeFile(names.mountinfo, `${[ROOT, ...mountinfo].join('\n')}\n`)
  return names
}

const SSD = 'UUID=1234 /mnt/ssd ext4 defaults,noatime,nofail 0 2'

test.each([
  ['at the point itself', '/mnt/ssd', [SSD], [], '/mnt/ssd'],
  ['below it', '/mnt/ssd/data_layer', [SSD], [], '/mnt/ssd'],
  ['where it is not mounted by itself', '/mnt/ssd/x', ['LABEL=x /mnt/ssd/ auto noauto 0 0'], [], '/mnt/ssd/'],
  ['a point with a space', '/mnt/my disk/x', ['LABEL=x /mnt/my\\040disk ext4 defaults 0 0'], [], '/mnt/my disk'],
  ['where another disk is mounted', '/mnt/ssd/x', [SSD], ['/mnt/usb'], '/mnt/ssd'],
  ['where it is mounted', '/mnt/ssd/x', [SSD], ['/mnt/ssd'], null],
  ['where something deeper is mounted', '/mnt/ssd/x/y', [SSD], ['/mnt/ssd/x'], null],
  ['beside it', '/mnt/ssd2/x', [SSD], [], null],
  ['on the root of the system', '/home/pi', ['UUID=1 / ext4 defaults 0 1', 'UUID=2 none swap sw 0 0'], [], null],
  ['behind a comment', '/mnt/ssd/x', [`# ${SSD}`], [], null],
])('mounts: a path %s: %s', async (_, path, fstab, mounted, expected) => {
  expect(await unmountedPoint(path, await files(fstab, mounted.map(mountOf)))).toBe(expected)
})

test('mounts: a link is followed to where its disk belongs', async () => {
  const point = join(folder, 'point')
  await mkdir(point)
  await symlink(point, join(folder, 'link'))
  const names = await files([`LABEL=x ${point} ext4 defaults 0 0`], [])
  expect(await unmountedPoint(join(folder, 'link', 'data'), names)).toBe(point)
})

test('mounts: a system without these files says nothing', async () => {
  const names = { fstab: join(folder, 'no'), mountinfo: join(folder, 'no') }
  expect(await unmountedPoint('/mnt/ssd', names)).toBeNull()
})
