import { spawn } from 'node:child_process'

/** The end of what a program says, and without the keys in its addresses. */
export const createTail = (
  limit = 2_000,
): { readonly add: (text: string | Buffer) => void; readonly text: () => string } => {
  let text = ''
  return {
    add: (more) => {
      text = (text + String(more)).slice(-limit)
    },
    text: () => text.replaceAll(/auth_key=[^\s']*/g, 'auth_key=…').trim(),
  }
}

/** Prints only errors, and does not listen to the terminal. */
export const quiet: readonly string[] = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-nostats']

/**
 * Runs ffmpeg and resolves with what it writes to its standard output, at most `maxBytes` of it. Rejects, with the end of what it said,
 * when it fails, and when it is not done at the deadline: it is killed then.
 */
export const runFfmpeg = async (
  args: readonly string[],
  { deadlineMs, maxBytes, input }: { deadlineMs: number; maxBytes: number; input?: Uint8Array },
): Promise<Buffer> => {
  const child = spawn('ffmpeg', [...quiet, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const said = createTail()
  const chunks: Buffer[] = []
  let length = 0
  let isLate = false
  child.stderr.on('data', said.add)
  child.stdout.on('data', (chunk: Buffer) => {
    // What is beyond the limit is thrown away; the caller finds the output too short or sees what it asked for.
    if (length < maxBytes) chunks.push(chunk)
    length += chunk.length
  })
  // A program that ends without reading all its input says why by itself.
  child.stdin.on('error', () => child.stdin.destroy())
  child.stdin.end(input)
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, deadlineMs)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (isLate) throw new Error(`ffmpeg was not done within ${deadlineMs} ms: ${said.text()}`)
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${said.text()}`)
    return Buffer.concat(chunks).subarray(0, maxBytes)
  } finally {
    clearTimeout(timer)
  }
}
