const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * A signal that aborts on Ctrl-C or SIGTERM, so that what was started is ended; the process then exits with the code of the signal.
 * The second time it exits at once: what was started ends with this process.
 */
export const onInterrupt = (tell?: () => void): AbortController => {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(exitCodes[signal])
      process.exitCode = exitCodes[signal]
      tell?.()
      interrupted.abort()
    })
  }
  return interrupted
}
