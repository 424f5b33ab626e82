export const planted = (value: string | undefined): string => value!
