/** Documented commands as one bash script: each is shown and run as it stands; for one that cannot run, the script says why and does what takes its place. */
import { quoted } from '../demo/next-step.ts'
import type { DocumentedCommand } from './blocks.ts'

/** What takes the place of a command, by how the command begins. */
const IN_PLACE: Record<string, string> = {
  'sudo nano /etc/data-node.env': 'cat /srv/lab/keys.env >>/etc/data-node.env',
  'sudo systemctl enable --now data-node': 'start_node',
  'sudo systemctl restart data-node': 'stop_node; start_node',
}

/** What systemd does for the unit, without its sandbox. */
export const SERVICE = `
start_node() {
  unit=/etc/systemd/system/data-node.service
  of_unit() { sed -n "s/^$1=//p" $unit; }
  install -d -m "$(of_unit StateDirectoryMode)" -o "$(of_unit User)" "/var/lib/$(of_unit StateDirectory)"
  (
    cd "$(of_unit WorkingDirectory)"
    set -a; . /etc/data-node.env; set +a
    umask "$(of_unit UMask)"
    export STATE_DIRECTORY="/var/lib/$(of_unit StateDirectory)"
    exec setpriv --reuid "$(of_unit User)" --regid "$(of_unit User)" --clear-groups $(of_unit ExecStart)
  ) >>/var/log/data-node.log 2>&1 &
  echo $! >/run/data-node.pid
  for _ in $(seq 120); do
    curl -sf localhost:8080/livez >/dev/null && return
    sleep 0.5
  done
  echo "the node does not answer; its log ends:"; tail -20 /var/log/data-node.log; exit 1
}
stop_node() {
  kill "$(cat /run/data-node.pid)"
  for _ in $(seq 120); do kill -0 "$(cat /run/data-node.pid)" 2>/dev/null || return 0; sleep 0.5; done
  echo "the node does not stop"; exit 1
}
`

export function scriptOf(commands: readonly DocumentedCommand[]): string {
  const lines = commands.flatMap(({ command, notRun }) => {
    const shown = command.replace(/\s+#.*$/, '')
    if (notRun === null) return [`echo ${quoted(`$ ${shown}`)}`, command]
    const place = Object.entries(IN_PLACE).find(([start]) => command.startsWith(start))?.[1]
    return [`echo ${quoted(`not run, because ${notRun}: ${shown}`)}`, ...(place === undefined ? [] : [place])]
  })
  return `${lines.join('\n')}\n`
}
