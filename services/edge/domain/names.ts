/**
 * Short names for one thing after the other, none twice, and none that another maker of names gives.
 * @param uuid random; of this maker alone
 */
export const createNames = (uuid: string): (() => string) => {
  const prefix = uuid.replaceAll('-', '').slice(0, prefixLength)
  let count = 0
  return () => {
    count += 1
    return `${prefix}${count.toString(36)}`
  }
}

/** 48 bits: two of a thousand makers have the same with a chance of one in half a billion. */
const prefixLength = 12
