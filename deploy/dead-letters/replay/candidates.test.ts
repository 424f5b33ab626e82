import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Codec } from '../../../services/shared/codec/codec.ts'
import { Fault } from '../../../services/shared/fault.ts'
import { partitionFor } from '../../../services/shared/kafka/partitioner.ts'
import type { Mend } from '../options.ts'
import { aLetter } from '../testing.ts'
import { toCandidates } from './candidates.ts'
import { records } from './testing.ts'

const partitions = 12
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'candidates-'))
})
after(() => rm(folder, { recursive: true }))

/** Writes a record as JSON. */
const codec: Codec = {
  prepare: async () => {},
  encode: (_topic, type, record) => {
    if (!('uid' in record)) throw new Fault('RECORD_INVALID', `${type} cannot be written: uid`)
    return Buffer.from(JSON.stringify({ type, record }))
  },
  decode: (value) => {
    if (value[0] !== 123) throw new Fault('RECORD_UNREADABLE', 'the value does not begin with a schema id')
    return { known: true, ...records.created }
  },
}

const candidateOf = async (mend: Mend) => {
  const signal = AbortSignal.timeout(5_000)
  const [candidate] = await toCandidates({ letters: [aLetter(1)], mend, codec, partitions, signal })
  assert.ok(candidate)
  return candidate
}

const fileWith = async (text: string): Promise<string> => {
  const file = join(folder, 'mend')
  await writeFile(file, text)
  return file
}

test('without a mend it is the letter’s own record, with the reason where there is none to be had', async () => {
  const { key, partition, value, record } = await candidateOf({})
  assert.deepEqual([key, partition, value], ['r1', partitionFor('r1', partitions), Buffer.from([1])])
  assert.equal(record, 'the value does not begin with a schema id')
})

test('a key, bytes or JSON mend it', async () => {
  assert.equal((await candidateOf({ key: 'r2' })).partition, partitionFor('r2', partitions))
  assert.deepEqual((await candidateOf({ valueFile: await fileWith('{bytes') })).value, Buffer.from('{bytes'))
  const { value, record } = await candidateOf({ jsonFile: await fileWith(JSON.stringify(records.created)) })
  assert.deepEqual(JSON.parse(String(value)), records.created)
  assert.equal(typeof record === 'string' ? record : record.type, 'LiveCreateRequested')
})

test('JSON that is of no use is refused without showing what is in it', async () => {
  const useless: ReadonlyArray<readonly [text: string, says: RegExp]> = [
    ['hunter2 {', /is not JSON$/],
    ['{"password":"hunter2"}', /expected \{"type"/],
    ['{"type":"Room","record":{"note":"hunter2"}}', /"type" is none of LiveCreateRequested, /],
    ['{"type":"LiveCreateRequested","record":{"note":"hunter2"}}', /LiveCreateRequested cannot be written: uid$/],
    ['{"type":"LiveCreateRequested","record":{"uid":"[masked]"}}', /put there what it stands for$/],
  ]
  for (const [text, says] of useless) {
    const jsonFile = await fileWith(text)
    await assert.rejects(candidateOf({ jsonFile }), (error) => {
      assert.ok(error instanceof Error)
      assert.match(error.message, says)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
  }
})

test('a file that is larger than any record is not read', async () => {
  const file = await fileWith('')
  await truncate(file, 5 * 2 ** 30)
  for (const mend of [{ jsonFile: file }, { valueFile: file }])
    await assert.rejects(candidateOf(mend), /has 5368709120 bytes, and no record may have more than 1048576/)
})
