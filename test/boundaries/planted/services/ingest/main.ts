export const planted = true
