/** The services, as `job` and `service` name them. */
export const services = ['ingest', 'state-machine', 'mixer', 'edge'] as const
export type ServiceName = (typeof services)[number]
