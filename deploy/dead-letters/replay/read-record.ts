import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Codec } from '../../../services/shared/codec/codec.ts'
import { isFault } from '../../../services/shared/fault.ts'

/**
 * The record in some bytes, or in words why there is none to be had.
 * @throws Fault REGISTRY_UNREACHABLE
 */
export const readRecord = async (codec: Pick<Codec, 'decode'>, value: Buffer | null): Promise<AnyRecord | string> => {
  if (value === null) return 'it has no value'
  try {
    const decoded = await codec.decode(value)
    return decoded.known ? decoded : `${decoded.fullName} is not known to this version`
  } catch (error) {
    if (isFault(error, 'RECORD_UNREADABLE')) return error.message
    throw error
  }
}
