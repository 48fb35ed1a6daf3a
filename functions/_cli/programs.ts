/** The programs of this package that have a command line of their own, as the help lists them. */
import type { Program } from './command.ts'

export const PROGRAMS: readonly Program[] = [
  { name: 'serve', summary: 'runs the node until it is stopped', usage: '', example: '' },
  {
    name: 'verify',
    summary: 'checks every invariant of a data root; changes nothing',
    usage: '[root] [--mode fast|exact|deep] [--json] [--resume file]',
    example: '--mode exact',
  },
  {
    name: 'backup',
    summary: 'copies what no vendor serves again to another disk',
    usage: '[folder] [--accept-new] [--json]',
    example: '/mnt/usb/data-node',
  },
  {
    name: 'restore',
    summary: 'brings a backup to an empty data root',
    usage: '<folder> [--to root] [--snapshot name]',
    example: '/mnt/usb/data-node --to /srv/data_layer',
  },
  {
    name: 'pull',
    summary: 'brings the newest bundle to this machine, the training box',
    usage: '--from <url> --to <folder> [options]; `data-node pull --help` lists them',
    example: '--from http://pi.local:8080 --to bundles',
  },
  {
    name: 'lab',
    summary: 'simulated vendors to play against without keys (in a checkout)',
    usage: '[options]; `data-node lab --help` lists them',
    example: '--help',
  },
  {
    name: 'demo',
    summary: 'plays one night against simulated vendors (in a checkout)',
    usage: '[options]; `data-node demo --help` lists them',
    example: '--help',
  },
]

/** These print their own help. */
export const HELPFUL_PROGRAMS: ReadonlySet<string> = new Set(['pull', 'lab', 'demo'])
