// A mixer to be killed: `node … <options as JSON> <main room> <other room>` runs one mix and says what it reports, a line each.
import { startOf } from '../contract/mix-cloud.ts'
import { openMixes } from './mixer-ffmpeg.stage.ts'
import type { TestMixesOptions } from './mixer-ffmpeg.stage.ts'

const [, , json = '{}', roomId = '', mixRoomId = ''] = process.argv
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { mixes, codes } = await openMixes(JSON.parse(json) as TestMixesOptions)
await mixes.startMix(startOf(roomId, mixRoomId), AbortSignal.timeout(10_000))
let said = 0
setInterval(() => {
  for (const code of codes().slice(said)) console.log(code)
  said = codes().length
}, 50)
