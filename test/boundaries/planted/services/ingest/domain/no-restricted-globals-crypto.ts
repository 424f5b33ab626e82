export const planted = crypto.randomUUID()
