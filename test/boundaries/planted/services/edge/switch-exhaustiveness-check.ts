export const planted = (value: 'a' | 'b'): number => {
  switch (value) {
    case 'a':
      return 1
  }
  return 2
}
