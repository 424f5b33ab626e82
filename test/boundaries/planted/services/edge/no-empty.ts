export const planted = (): void => {
  try {
    JSON.parse('')
  } catch {}
}
