import { meanColour } from '../support/picture.ts'
import type { Colour, Picture } from '../support/picture.ts'

const upperHalf = '▀'
const reset = '\u001b[0m'

/**
 * A picture for a terminal that knows colours, line by line: each character shows two places, one above the other, its upper half in the
 * foreground's colour and its lower half in the background's.
 */
export const drawPicture = (
  picture: Picture,
  { columns = 60, rows = 17 }: { readonly columns?: number; readonly rows?: number } = {},
): readonly string[] => {
  const colourOf = (column: number, halfRow: number): string => {
    // A little less than a cell's width, so that neighbouring cells do not share pixels.
    const [width, height] = [1 / columns, 1 / (rows * 2)]
    const cell = { x: column * width, y: halfRow * height, width: width * 0.9, height: height * 0.9 }
    const [red, green, blue]: Colour = meanColour(picture, cell)
    return `${red};${green};${blue}`
  }
  return Array.from({ length: rows }, (_, row) => {
    const cells = Array.from({ length: columns }, (__, column) => {
      const [upper, lower] = [colourOf(column, row * 2), colourOf(column, row * 2 + 1)]
      return `\u001b[38;2;${upper}m\u001b[48;2;${lower}m${upperHalf}`
    })
    return `${cells.join('')}${reset}`
  })
}
