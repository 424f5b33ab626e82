const bytesOf: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }

const finished = /Downloaded from [^\s:]+: (\S+) \(([\d.]+) ([kMG]?B)/g
/** For example `Progress (2): 37/109 MB | 0.4/1.2 MB`; the unit stands after the second figure. */
const underWay = /Progress \(\d+\): ([^\r\n]*)/g
const part = /([\d.]+)(?:\/[\d.]+)? ([kMG]?B)/g

/** What has come so far. */
export type Progress = { readonly bytes: number; readonly files: number }

/** Reads from Maven's output how far its downloads are. Give it each piece of output as it comes. */
export const createMavenProgress = (): { read: (output: string) => void; progress: () => Progress } => {
  let done = { bytes: 0, files: 0 }
  let current = 0
  let rest = ''
  const size = (figure = '', unit = ''): number => Number(figure) * (bytesOf[unit] ?? 0)
  return {
    read: (output) => {
      const text = rest + output
      const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1
      rest = text.slice(end)
      for (const line of text.slice(0, end).split(/[\r\n]/)) {
        for (const [, url, figure, unit] of line.matchAll(finished)) {
          done = { bytes: done.bytes + size(figure, unit), files: done.files + (/\.(jar|gz)$/.test(url ?? '') ? 1 : 0) }
          current = 0
        }
        for (const [, parts = ''] of line.matchAll(underWay)) {
          current = [...parts.matchAll(part)].reduce((sum, [, figure, unit]) => sum + size(figure, unit), 0)
        }
      }
    },
    progress: () => ({ bytes: done.bytes + current, files: done.files }),
  }
}
