/** One call of the vendor's API: an operation and all its parameters. */
export type VendorCall = {
  /** Of HTTP. */
  readonly method: string
  readonly action: string
  readonly parameters: Readonly<Record<string, string>>
}

export type VendorAnswer = {
  readonly status: number
  readonly body: object
  /** True when a mix has begun, changed or ended by it. */
  readonly changed: boolean
}

/**
 * How a start of what runs is answered: accepted with the streams again, or as an error, with the streams in its body or bare.
 * A stop of what does not run gets its error when this is not `accepted`.
 */
export type Repeats = 'accepted' | 'error' | 'bare-error'

const requestId = '16A96B9A-F203-4EC5-8E43-CB92E68F4CD8'

export const vendorRefusal = (status: number, code: string, message: string, more: object = {}): VendorAnswer => ({
  status,
  body: { RequestId: requestId, HostId: 'live.example', Code: code, Message: message, ...more },
  changed: false,
})

const streamParameters = [
  'MainDomainName',
  'MainAppName',
  'MainStreamName',
  'MixDomainName',
  'MixAppName',
  'MixStreamName',
]

const parametersOf: Readonly<Record<string, readonly string[]>> = {
  StartMixStreamsService: [...streamParameters, 'MixType', 'MixTemplate'],
  StopMixStreamsService: streamParameters,
}

/** The mixing of the vendor's cloud, in memory: `mixes` is main stream → the stream mixed into it. */
export const createVendorMixes = (repeats: Repeats) => {
  const mixes = new Map<string, string>()

  const start = (main: string, mix: string): VendorAnswer => {
    const MixStreamsInfo = ['360', '480'].map((size) => ({
      DomainName: 'play.example',
      AppName: 'Demo',
      StreamName: `${main}_mix${size}`,
    }))
    const streams = { MixStreamsInfoList: { MixStreamsInfo } }
    const isRunning = mixes.get(main) === mix
    mixes.set(main, mix)
    if (isRunning && repeats !== 'accepted')
      return vendorRefusal(400, 'MixStreamAlreadyExist', 'The mix exists.', repeats === 'error' ? streams : {})
    return { status: 200, body: { RequestId: requestId, ...streams }, changed: !isRunning }
  }

  const stop = (main: string): VendorAnswer => {
    const wasRunning = mixes.delete(main)
    if (!wasRunning && repeats !== 'accepted') return vendorRefusal(404, 'MixStreamNotExist', 'There is no such mix.')
    return { status: 200, body: { RequestId: requestId }, changed: wasRunning }
  }

  const carryOut = ({ action, parameters }: VendorCall): VendorAnswer => {
    const needed = parametersOf[action]
    if (needed === undefined) return vendorRefusal(404, 'InvalidAction.NotFound', 'Specified api is not found.')
    const missing = needed.find((name) => (parameters[name] ?? '') === '')
    if (missing !== undefined) return vendorRefusal(400, 'InvalidArgument', `The parameter ${missing} is missing.`)
    const { MainStreamName: main = '', MixStreamName: mix = '' } = parameters
    return action === 'StartMixStreamsService' ? start(main, mix) : stop(main)
  }

  return { mixes: mixes as ReadonlyMap<string, string>, carryOut }
}
