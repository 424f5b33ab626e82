import { fork } from 'node:child_process'
import { once } from 'node:events'

/** What a child process can be asked for: functions of one argument. What they take and give is cloned on the way. */
type Api = Readonly<Record<string, (argument: never) => unknown>>

/** A child process that answers questions. It ends with this process, even when that is killed. */
export type Child<A extends Api> = {
  readonly pid: number
  /** Rejects when the function does, when the child has ended, or after three minutes. */
  readonly ask: <K extends keyof A & string>(
    name: K,
    argument: Parameters<A[K]>[0],
  ) => Promise<Awaited<ReturnType<A[K]>>>
  /** Resolves when it is gone. */
  readonly stop: () => Promise<void>
}

type Question = { readonly id: number; readonly name: string; readonly argument: unknown }
type Answer = { readonly id: number; readonly reply: unknown; readonly error: string | null }

const graceMs = 5_000
const answerWithinMs = 180_000

/** @param file a module that calls `answerParent` */
export const startChild = async <A extends Api>(
  file: string,
  { execArgv = [] }: { readonly execArgv?: readonly string[] } = {},
): Promise<Child<A>> => {
  const child = fork(file, { serialization: 'advanced', execArgv: [...execArgv] })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let asked = 0
  child.on('message', (message) => {
    // A decoding edge: the other end is `answerParent`.
    const { id, reply, error } = message as Answer
    const question = waiting.get(id)
    waiting.delete(id)
    if (error === null) question?.resolve(reply)
    else question?.reject(new Error(error))
  })
  const ended = once(child, 'exit')
  child.once('exit', (code, signal) => {
    for (const question of waiting.values()) question.reject(new Error(`${file} ended: ${signal ?? `code ${code}`}`))
    waiting.clear()
  })
  await once(child, 'spawn')
  return {
    pid: child.pid ?? 0,
    ask: (name, argument) => {
      const question = Promise.withResolvers<unknown>()
      asked += 1
      waiting.set(asked, question)
      if (child.connected) child.send({ id: asked, name, argument } satisfies Question)
      else question.reject(new Error(`${file} has ended`))
      const late = (): void => question.reject(new Error(`${file} did not answer ${name} in time`))
      const deadline = setTimeout(late, answerWithinMs)
      // A decoding edge, as above.
      return question.promise.finally(() => clearTimeout(deadline)) as never
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      const deadline = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await ended
      clearTimeout(deadline)
    },
  }
}

/** Answers what the parent asks, in this process, and ends it when the parent is gone. */
export const answerParent = <A extends Api>(api: A): void => {
  const answer = async ({ id, name, argument }: Question): Promise<void> => {
    let reply: Answer
    try {
      // A decoding edge: the other end is `startChild` with the same type.
      reply = { id, reply: await api[name]?.(argument as never), error: null }
    } catch (error) {
      reply = { id, reply: undefined, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
    process.send?.(reply)
  }
  process.on('message', (message) => void answer(message as Question))
  process.on('disconnect', () => process.exit())
}
