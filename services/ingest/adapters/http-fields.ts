import { z } from 'zod'

// The fields of requests. Complaints never repeat the value: bodies are neither echoed nor logged.

/** Longest texts, in UTF-16 code units; a longer one is refused. */
export const maxLengths = { requestId: 128, uid: 128, name: 256, description: 4_096, comment: 16_384 } as const

/** The complaint of a schema; something that is not there at all is called missing. */
export const complain = (complaint: string) => ({
  error: (issue: { readonly input?: unknown }) =>
    issue.input === undefined || issue.input === null ? 'is missing' : complaint,
})

const idComplaint = 'must be a string, or a whole number of at most 2^53 − 1 (send larger ones as strings)'

/** A string or a whole number; a string inside. A number above 2^53 − 1 was already changed by parsing. */
const idOf = (texts: z.ZodString, numbers: z.ZodInt, complaint: string) =>
  z
    .union([texts, numbers], {
      error: ({ input }) => {
        if (input === undefined || input === null) return 'is missing'
        return typeof input === 'string' || Number.isSafeInteger(input) ? complaint : idComplaint
      },
    })
    .transform(String)

const wholeId = z.int(idComplaint)

export const roomIdComplaint = 'must be 1 to 64 letters or digits'
export const roomIdText = z.string().regex(/^[A-Za-z0-9]{1,64}$/, roomIdComplaint)
export const roomId = idOf(roomIdText, wholeId.min(0, roomIdComplaint), roomIdComplaint).describe(
  '1 to 64 letters or digits',
)

const uidComplaint = `must have 1 to ${maxLengths.uid} characters`
export const uid = idOf(
  z.string().min(1, uidComplaint).max(maxLengths.uid, uidComplaint),
  wholeId,
  uidComplaint,
).describe(`1 to ${maxLengths.uid} characters`)

/** A text, as short as that. */
export const text = (maxLength: number) =>
  z.string(complain('must be a string')).max(maxLength, `must have at most ${maxLength} characters`)

/** A whole number within bounds, as a number or in decimal digits. */
export const whole = (min: number, max: number, digits: RegExp, complaint: string) =>
  z
    .union(
      [z.int(complaint).min(min, complaint).max(max, complaint), z.string().regex(digits, complaint)],
      complain(complaint),
    )
    .transform(Number)

/** A field that clients leave out, send as null, or send empty: all of it means absent. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional())

/** Of the examples. */
export const annsRoom = '0123456789abcdef'
export const bobsRoom = 'fedcba9876543210'
/** What a schema has besides: an example of it. */
export const example = <Value>(value: Value): { examples: Value[] } => ({ examples: [value] })
