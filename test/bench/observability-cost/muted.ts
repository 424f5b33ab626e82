import { recording } from './recording.ts'

type Recorder = (...given: readonly unknown[]) => unknown

/**
 * A maker of recorders that can be muted: what it makes has the same functions, and none of them records while `recording` is off. One
 * that gives something back (the recorder of one topic, for example) still gives it, muted as well. Anything else is left as it is.
 */
export const muted = (value: unknown): unknown => {
  if (typeof value === 'function') {
    // A decoding edge: functions of modules that this one does not know.
    const make = value as Recorder
    return (...given: readonly unknown[]) => silenced(make(...given))
  }
  return value
}

const silenced = (value: unknown): unknown => {
  // A decoding edge, as above.
  if (typeof value === 'function') return silencedFunction(value as Recorder)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, silenced(one)]))
}

/** Asked once: what gives nothing back records, and is not asked again. Without rest arguments, which would make an array at each call. */
const silencedFunction = (recorder: Recorder): unknown => {
  let records = false
  return (a: unknown, b: unknown, c: unknown, d: unknown) => {
    if (recording.depth === 0) recording.calls += 1
    if (records && !recording.isOn) return undefined
    recording.depth += 1
    const given = recorder(a, b, c, d)
    recording.depth -= 1
    records = given === undefined
    return records ? undefined : silenced(given)
  }
}
