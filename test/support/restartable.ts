/** Brokers and a registry that can be away for a while and come back at the same addresses with the same data. */
export type RestartablePlatform = {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  /** The ids of the brokers, from 1 on. */
  readonly nodes: readonly number[]
  /** Ends all brokers, or those with these ids, at once; resolves when their processes are gone. */
  readonly endBroker: (signal: 'SIGTERM' | 'SIGKILL', ...nodes: readonly number[]) => Promise<void>
  readonly endRegistry: () => Promise<void>
  /** Starts what is away; resolves when it works. */
  readonly bringBack: () => Promise<void>
  /** Starts the brokers with these ids alone; resolves when they work, with those that run. */
  readonly bringBackBrokers: (...nodes: readonly number[]) => Promise<void>
  /** Ends all. The data stays in DATA_DIR. */
  readonly stop: () => Promise<void>
}
