import { createHash } from 'node:crypto'

/** The video cloud's signature of a callback, in hex: MD5 of `domain|timestamp|key`; the timestamp is epoch seconds in decimal digits. */
export const callbackSignature = (domain: string, timestamp: string, key: string): string =>
  createHash('md5').update(`${domain}|${timestamp}|${key}`).digest('hex')
