import './http-schemas.ts'

export const planted = true
