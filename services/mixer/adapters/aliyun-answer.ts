import { z } from 'zod'
import { familyOf } from '../domain/answer.ts'

const longestWord = 128
const longestMessage = 300

const refusal = z.object({
  data: z.looseObject({
    Code: z.union([z.string().min(1).max(longestWord), z.number().transform(String)]),
    Message: z.string().min(1).optional().catch(undefined),
  }),
})

/** What an error of the client library says of the cloud's refusal, and the whole body of the answer. */
export type Refusal = { readonly word: string; readonly message: string; readonly body: unknown }

/**
 * The cloud's refusal in an error that the client library threw; undefined when the cloud has not said anything (it was not
 * reached, or what came back is no answer). Nothing else of the error may be used: it carries the request.
 * @param secrets what never leaves the adapter, also when the cloud quotes it
 */
export const refusalOf = (error: unknown, secrets: readonly string[]): Refusal | undefined => {
  const parsed = refusal.safeParse(error)
  if (!parsed.success) return undefined
  const { Code: word, Message: message = word } = parsed.data.data
  return { word, message: withoutSecrets(message, secrets), body: parsed.data.data }
}

/** To SignatureDoesNotMatch the cloud adds what it signed itself, with the key id and the token in it: all of that goes. */
const withoutSecrets = (message: string, secrets: readonly string[]): string => {
  const [said = ''] = message.split(/\s*(?:server )?string to sign\b/i)
  return secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), said).slice(0, longestMessage)
}

const acceptance = z.object({ RequestId: z.string().min(1) })

/**
 * True for what the cloud answers to a command that it accepts: a JSON object with a RequestId, HTTP status 2xx. JSON of
 * anything that stands between us and the cloud is none.
 */
export const isAcceptance = (status: number, body: unknown): boolean =>
  status >= 200 && status < 300 && acceptance.safeParse(body).success

const streamsList = z.object({ MixStreamsInfoList: z.object({ MixStreamsInfo: z.unknown() }) })
const streamInfo = z.object({ StreamName: z.string().min(1).max(256) })

/** The streams in which the mix appears: `MixStreamsInfoList.MixStreamsInfo[].StreamName`; one alone may stand without a list. */
export const streamNamesOf = (body: unknown): readonly string[] => {
  const parsed = streamsList.safeParse(body)
  if (!parsed.success) return []
  const { MixStreamsInfo: listed } = parsed.data.MixStreamsInfoList
  return (Array.isArray(listed) ? listed : [listed]).flatMap((entry: unknown) => {
    const info = streamInfo.safeParse(entry)
    return info.success ? [info.data.StreamName] : []
  })
}

const coded = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]{2,60}$/) })

/** `timeout`, or ECONNREFUSED, CERT_HAS_EXPIRED and the like; the message of such an error is not ours to show. */
export const troubleOf = (error: unknown): string => {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'timeout'
  const known = coded.safeParse(error)
  return known.success ? known.data.code : 'unreadable'
}

/** What an operator can do about a refusal that no command will get around; undefined for any other. */
export const nextStepOf = (word: string): string | undefined => {
  switch (familyOf(word)) {
    case 'InvalidAccessKeyId':
      return 'check ALIYUN_ACCESS_KEY_ID: the cloud does not know that key, or it is disabled'
    case 'SignatureDoesNotMatch':
    case 'IncompleteSignature':
      return 'check ALIYUN_ACCESS_KEY_SECRET: it does not belong to ALIYUN_ACCESS_KEY_ID'
    case 'InvalidSecurityToken':
    case 'MissingSecurityToken':
      return 'renew ALIYUN_SECURITY_TOKEN together with its key'
    case 'InvalidTimeStamp':
      return 'synchronise the clock of this machine: the cloud takes 15 minutes of difference'
    case 'Forbidden':
    case 'NoPermission':
      return 'allow the key live:StartMixStreamsService and live:StopMixStreamsService'
    default:
      return undefined
  }
}
