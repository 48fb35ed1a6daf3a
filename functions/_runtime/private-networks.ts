/** LOGIN_NETWORKS: networks in CIDR form that nobody outside can be in. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { blockListOf } from '../_http/browser-login.ts'

/** RFC 1918, carrier-grade NAT as overlay networks use it (RFC 6598), link-local and unique local addresses. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
]

function isPrivate(network: string): boolean {
  const [address = '', bits = '', ...more] = network.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 6 ? 128 : 32))
    return false
  const whole = PRIVATE.find((one) => blockListOf([one]).check(address, family === 6 ? 'ipv6' : 'ipv4'))
  return whole !== undefined && Number(bits) >= Number(whole.split('/')[1])
}

export const PrivateNetworks = z
  .string()
  .transform((text) => text.split(',').map((network) => network.trim()))
  .refine((networks) => networks.every(isPrivate), {
    error: 'expected private networks separated by commas, such as 192.168.1.0/24,fd00::/8',
  })
