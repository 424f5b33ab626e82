import { BlockList, isIP, SocketAddress } from 'node:net'

/** Addresses of IP, alone and in ranges. */
export type AddressSet = {
  /** What is no address is in no set. */
  readonly has: (address: string | undefined) => boolean
}

type Family = 'ipv4' | 'ipv6'
type Range = { readonly address: string; readonly bits: number; readonly family: Family }

const mappedPrefix = '::ffff:'
/** How many bits of an IPv6 address are in front of the IPv4 address that is mapped into it (RFC 4291, section 2.5.5.2). */
const mappedBits = 96

/**
 * An address with its family; an IPv4 address that is mapped into IPv6, however it is written, is one of IPv4: a socket that listens
 * for both shows IPv4 callers so. Undefined: no address, or one with a zone, which means something on one machine only.
 */
const parseAddress = (text: string): { readonly address: string; readonly family: Family } | undefined => {
  const version = text.includes('%') ? 0 : isIP(text)
  if (version === 0) return undefined
  if (version === 4) return { address: text, family: 'ipv4' }
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  const mapped = address.startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : ''
  return isIP(mapped) === 4 ? { address: mapped, family: 'ipv4' } : { address, family: 'ipv6' }
}

/** An address, or a range in CIDR form (RFC 4632, RFC 4291); undefined: neither. */
const parseRange = (text: string): Range | undefined => {
  const [, written = '', given] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const parsed = parseAddress(written)
  if (parsed === undefined) return undefined
  const isMapped = parsed.family === 'ipv4' && isIP(written) === 6
  const whole = parsed.family === 'ipv4' ? 32 : 128
  const bits = given === undefined ? whole : Number(given) - (isMapped ? mappedBits : 0)
  return bits >= 0 && bits <= whole ? { ...parsed, bits } : undefined
}

/** `203.0.113.7`, `203.0.113.0/24`, `2001:db8::1` or `2001:db8::/32`. */
export const isAddressOrRange = (text: string): boolean => parseRange(text) !== undefined

/** One way to write an address, so that the same caller is the same one; what is no address stays as it is. */
export const canonicalAddress = (text: string): string => parseAddress(text)?.address ?? text

/** @param entries each as isAddressOrRange has it; others are left out */
export const createAddressSet = (entries: readonly string[]): AddressSet => {
  // apart: one list would find addresses of IPv4 in the ranges of IPv6 that hold their mapped form, ::/0 among them
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const entry of entries) {
    const range = parseRange(entry)
    if (range !== undefined) lists[range.family].addSubnet(range.address, range.bits, range.family)
  }
  return {
    has: (text) => {
      const parsed = text === undefined ? undefined : parseAddress(text)
      return parsed !== undefined && lists[parsed.family].check(parsed.address, parsed.family)
    },
  }
}
