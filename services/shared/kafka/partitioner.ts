const seed = 0x9747b28c
const multiplier = 0x5bd1e995

/** Java's `Utils.murmur2` of Kafka: 32-bit MurmurHash2 with Kafka's seed. A signed 32-bit integer. */
const murmur2 = (bytes: Buffer): number => {
  const whole = bytes.length - (bytes.length % 4)
  let hash = seed ^ bytes.length
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), multiplier)
    word = Math.imul(word ^ (word >>> 24), multiplier)
    hash = Math.imul(hash, multiplier) ^ word
  }
  if (whole < bytes.length) {
    hash ^= bytes.readUIntLE(whole, bytes.length - whole)
    hash = Math.imul(hash, multiplier)
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/**
 * Partition of a room's records: `toPositive(murmur2(UTF-8 of the key)) % partitions`, as Java's default partitioner, kafkajs and
 * librdkafka's `murmur2_random` have it, so that every producer puts a room into the same partition.
 */
export const partitionFor = (roomId: string, partitions: number): number =>
  (murmur2(Buffer.from(roomId, 'utf8')) & 0x7fffffff) % partitions
